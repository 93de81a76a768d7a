from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from ... import const
from ...services import dialects

# Of what this addon adds: what effects rest on.
_TRUST = {"crvs_sender_id", "answer_verification"}
_OURS = _TRUST | {
    *("dialect", "crvs_timezone", "birth_date_policy", "check_batch_size", "crvs_by_expression"),
    *("crvs_daily_searches", "crvs_search_count", "crvs_search_date", "crvs_is_default"),
}


class SppDciDataSource(models.Model):
    """What this addon must know about a civil registry beyond how to reach it."""

    _inherit = "spp.dci.data.source"

    is_civil_registry = fields.Boolean(
        compute="_compute_is_civil_registry", search="_search_is_civil_registry"
    )
    dialect = fields.Selection(
        selection=[
            ("standard", "DCI standard"),
            ("opencrvs", "OpenCRVS 1"),
            ("opencrvs2", "OpenCRVS 2"),
        ],
        string="How It Speaks",
        required=True,
        default="standard",
        help="Dialect: how this registry speaks DCI. OpenCRVS names its registers and identifiers "
        "in its own way, and events have to be pulled from it: OpenCRVS 2 is the server of "
        "OpenCRVS 1.9 and later, OpenCRVS 1 the one before.",
    )
    crvs_is_default = fields.Boolean(
        "Asked by Default",
        copy=False,
        help="The civil registry that is asked about a registrant where nobody chooses one. "
        "Without it: the one with the code crvs_main, else the only one there is.",
    )
    crvs_by_expression = fields.Boolean(
        "Takes Expressions Only",
        readonly=True,
        help="This registry refused a plain question and is asked by expressions since.",
    )
    crvs_sender_id = fields.Many2one(
        comodel_name="spp.dci.crvs.sender",
        string="Registry's Keys",
        ondelete="restrict",
        index="btree_not_null",
        help="The sender whose keys verify what this registry answers.",
    )
    answer_verification = fields.Selection(
        selection=[
            ("require", "Refuse answers without a valid signature"),
            ("present", "Verify signatures that are present"),
            ("ignore", "Do not verify"),
        ],
        string="Signatures of Answers",
        compute="_compute_answer_verification",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="Answers that come over the connection we opened. Answers to the callback are "
        "always verified.",
    )
    crvs_timezone = fields.Selection(
        selection=_tz_get,
        string="Registry's Time Zone",
        help="Only for registries that send local midnight in UTC, which makes every date a day "
        "early. Empty: dates count as they are written.",
    )
    birth_date_policy = fields.Selection(
        selection=[("update", "Take the registry's date"), ("flag", "Only flag the difference")],
        string="Other Birth Date",
        required=True,
        default="update",
        help="What happens to a registrant whose birth date differs from the registry's.",
    )
    check_batch_size = fields.Integer(
        string="Persons per Message",
        required=True,
        default=const.CHECK_BATCH_SIZE,
        help="How many persons are asked about in one message when deaths are checked in bulk.",
    )
    crvs_daily_searches = fields.Integer(
        string="Searches a Day",
        compute="_compute_crvs_daily_searches",
        store=True,
        readonly=False,
        precompute=True,
        help="How many messages with questions this registry takes in a day; 0 where it does not "
        "count. Pulls leave a fifth of them to the checks.",
    )
    crvs_searches_today = fields.Integer("Searches Today", compute="_compute_crvs_searches_today")
    crvs_search_count = fields.Integer(readonly=True, copy=False)
    crvs_search_date = fields.Date(readonly=True, copy=False)
    can_subscribe = fields.Boolean(compute="_compute_can_subscribe")

    _check_batch_size_range = models.Constraint(
        "CHECK (check_batch_size BETWEEN 1 AND 1000)",
        "Between 1 and 1000 persons can be asked about in one message.",
    )

    def _has_field_access(self, field, operation):
        """Let only CRVS managers and the system group write whom we believe, and how."""
        return super()._has_field_access(field, operation) and (
            self.env.su
            or operation != "write"
            or field.name not in _OURS
            or self.env.user.has_group("spp_dci_client_crvs.group_crvs_manager")
            or self.env.user.has_group("base.group_system")
        )

    @api.model_create_multi
    def create(self, vals_list):
        sources = super().create(vals_list)
        sources.filtered("crvs_is_default")._crvs_only_default()
        return sources

    def write(self, vals):
        """Write, and tell the managers when other keys are to verify what a registry answers."""
        if {"base_url", "dialect"} & vals.keys():
            vals = {"crvs_by_expression": False, **vals}  # another server, another habit
        before = {source: source._trust() for source in self} if _TRUST & vals.keys() else {}
        result = super().write(vals)
        if vals.get("crvs_is_default"):
            self._crvs_only_default()
        for source, trust in before.items():
            if trust != source._trust():
                (trust[0] | source.crvs_sender_id)._tell_trust_changed(
                    self.env._(
                        "On the data source %s it was changed whose keys verify the registry's "
                        "answers, or whether any do.",
                        source.name,
                    )
                )
        return result

    def _crvs_only_default(self):
        """Leave the last of these as the only one that is asked by default."""
        others = (
            self.sudo().with_context(active_test=False).search([("crvs_is_default", "=", True)])
        )
        (others - self[-1:]).write({"crvs_is_default": False})

    @api.model
    def _crvs_default(self):
        """Return the civil registry that is asked where nobody chooses one.

        :return: a data source that may be read by whoever asks; empty when there are several and
            none of them is marked
        """
        sources = self.sudo().search([("is_civil_registry", "=", True)])
        chosen = sources.filtered("crvs_is_default")
        chosen = chosen or sources.filtered(lambda source: source.code == "crvs_main")
        return chosen or (sources if len(sources) == 1 else sources.browse())

    def _trust(self):
        return self.sudo().crvs_sender_id, self.answer_verification

    @api.depends("crvs_sender_id")
    def _compute_answer_verification(self):
        """Require signatures as soon as there are keys to verify them with."""
        for source in self:
            if source.crvs_sender_id:
                if not source.answer_verification or source.answer_verification == "present":
                    source.answer_verification = "require"
            elif source.answer_verification != "ignore":
                source.answer_verification = "present"

    @api.depends("dialect")
    def _compute_crvs_daily_searches(self):
        for source in self:
            source.crvs_daily_searches = dialects.get(source.dialect).daily_searches

    @api.depends("crvs_search_count", "crvs_search_date")
    def _compute_crvs_searches_today(self):
        for source in self:
            is_today = source.crvs_search_date == self._crvs_search_day()
            source.crvs_searches_today = source.crvs_search_count if is_today else 0

    @api.model
    def _crvs_search_day(self):
        """Return the day by which registries count, which is UTC's for all we know.

        :rtype: date
        """
        return fields.Datetime.now().date()

    def _crvs_count_search(self, number=1):
        """Count messages with questions, before they leave.

        :param int number: of messages
        :return: how many there were today, this one included
        :rtype: int
        """
        today = self._crvs_search_day()
        count = self.crvs_search_count if self.crvs_search_date == today else 0
        self.write({"crvs_search_count": count + number, "crvs_search_date": today})
        return count + number

    @api.depends("registry_type")
    def _compute_is_civil_registry(self):
        for source in self:
            source.is_civil_registry = source.registry_type in const.CIVIL_REGISTRY_TYPES

    def _search_is_civil_registry(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("registry_type", "in" if True in value else "not in", const.CIVIL_REGISTRY_TYPES)]

    @api.depends("is_civil_registry", "dialect")
    def _compute_can_subscribe(self):
        for source in self:
            source.can_subscribe = (
                source.is_civil_registry and dialects.get(source.dialect).can_subscribe
            )
