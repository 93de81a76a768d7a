from odoo import api, fields, models
from odoo.exceptions import ValidationError


class GroupMembership(models.Model):
    """Who belongs to a group, for example a household, since when and until when."""

    _name = "spp.group.membership"
    _description = "Group Membership"
    _order = "group, start_date, id"
    _rec_name = "group"

    group = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_registrant', '=', True), ('is_group', '=', True)]",
    )
    individual = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('is_registrant', '=', True), ('is_group', '=', False)]",
    )
    membership_type_ids = fields.Many2many(
        "spp.vocabulary.code",
        string="Roles",
        domain="[('namespace_uri', '=', 'urn:openspp:vocab:group-membership-type')]",
    )
    start_date = fields.Datetime(default=fields.Datetime.now)
    ended_date = fields.Datetime("End Date")
    is_ended = fields.Boolean("Ended", compute="_compute_is_ended", store=True)
    status = fields.Selection(
        [("active", "Active"), ("inactive", "Inactive")], compute="_compute_is_ended", store=True
    )
    active = fields.Boolean(default=True)

    @api.depends("ended_date")
    def _compute_is_ended(self):
        now = fields.Datetime.now()
        for membership in self:
            membership.is_ended = bool(membership.ended_date and membership.ended_date <= now)
            membership.status = "inactive" if membership.is_ended else "active"

    @api.constrains("start_date", "ended_date")
    def _check_dates(self):
        for membership in self:
            start, end = membership.start_date, membership.ended_date
            if start and end and end < start:
                raise ValidationError(self.env._("A membership cannot end before it starts."))

    @api.constrains("group", "individual", "ended_date", "active")
    def _check_once(self):
        """One person is in a group once; who left may come back."""
        twice = self.sudo()._read_group(
            [
                ("group", "in", self.group.ids),
                ("individual", "in", self.individual.ids),
                ("is_ended", "=", False),
            ],
            ["group", "individual"],
            having=[("__count", ">", 1)],
        )
        if twice:
            raise ValidationError(self.env._("This person is a member of the group already."))
