from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ... import const
from ...services import dialects
from ..mixins import check_group, notify


class CRVSPull(models.Model):
    """Searching a registry for events, again and again or once for the years before us.

    A scan walks through windows of dates. For most registries these are dates of the event, and a
    regular scan begins some days before the last complete one, since events are registered late.
    Where only birth dates can be searched (OpenCRVS), a scan for deaths walks through all of them.
    What was seen before is recognised by its content and not stored again.
    """

    _name = "spp.dci.crvs.pull"
    _description = "Pull of Vital Events"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "spp.dci.crvs.alert.mixin",
        "spp.dci.crvs.scheduled.mixin",
    ]
    _order = "kind desc, id"
    _rec_name = "event_type"
    _scheduler = "ir_cron_pulls"

    data_source_id = fields.Many2one(
        "spp.dci.data.source",
        "Registry",
        required=True,
        ondelete="cascade",
        domain=[("is_civil_registry", "=", True)],
    )
    event_type = fields.Selection(
        const.EVENT_TYPES,
        required=True,
    )
    kind = fields.Selection(
        [("regular", "Regular"), ("import", "Import")],
        required=True,
        default="regular",
        readonly=True,
    )
    active = fields.Boolean("Switched On", default=True)
    watermark = fields.Date(
        default=lambda self: fields.Date.context_today(self),
        help="Events up to this day are here, as far as they were registered when it was set.",
    )
    overlap_days = fields.Integer(
        "Days Looked Back",
        required=True,
        default=90,
        help="Where events are searched by when they happened, those registered later than so many "
        "days afterwards are missed.",
    )
    interval_hours = fields.Integer("Hours between Runs", required=True, default=24)
    attribute_name = fields.Char(
        "Searched Date",
        help="Name of the date at the registry, if it is not the usual one (such as death_date). "
        "A date of registration, where the registry has one, misses nothing.",
    )
    page_size = fields.Integer("Records per Page", required=True, default=200)

    date_from = fields.Date("From", readonly=True, help="First day of events wanted.")
    date_to = fields.Date("To", readonly=True)
    scan_from = fields.Date(readonly=True)
    scan_to = fields.Date(readonly=True)
    position = fields.Date(readonly=True, help="First day that is not searched yet.")
    progress = fields.Float(compute="_compute_progress", help="Percentage of the days searched.")
    next_date = fields.Datetime(
        "Next Run", default=lambda self: fields.Datetime.now(), readonly=True
    )
    whole_date = fields.Datetime(
        "Whole Register Read",
        readonly=True,
        help="When it was last searched without dates, for records that have none.",
    )
    start_date = fields.Datetime("Last Started", readonly=True)
    end_date = fields.Datetime("Last Completed", readonly=True)
    event_count = fields.Integer("New Events", readonly=True, help="Events that were new to us.")
    last_error = fields.Char(readonly=True)
    failures = fields.Integer("Failures in a Row", readonly=True)

    _regular_uniq = models.UniqueIndex(
        "(data_source_id, event_type) WHERE kind = 'regular'",
        "These events are pulled from this registry already.",
    )
    _numbers_range = models.Constraint(
        "CHECK (overlap_days >= 0 AND interval_hours > 0 AND page_size BETWEEN 1 AND 10000)",
        "Days cannot be negative, hours are at least 1, and a page holds 1 to 10000 records.",
    )

    @api.depends("event_type", "data_source_id.name")
    def _compute_display_name(self):
        names = dict(self._fields["event_type"]._description_selection(self.env))
        for pull in self:
            parts = (pull.data_source_id.name, names.get(pull.event_type))
            pull.display_name = ": ".join(filter(None, parts))

    @api.depends("scan_from", "scan_to", "position", "end_date", "kind")
    def _compute_progress(self):
        for pull in self:
            if not pull.position:
                pull.progress = 100 if pull.end_date else 0
                continue
            days = (pull.scan_to - pull.scan_from).days + 1
            pull.progress = 100 * (pull.position - pull.scan_from).days / days

    @api.constrains("data_source_id", "event_type")
    def _check_can_pull(self):
        for pull in self:
            source = pull.data_source_id
            if not source.is_civil_registry:
                raise ValidationError(self.env._("Choose the data source of a civil registry."))
            if not dialects.get(source.dialect).can_pull(pull.event_type):
                raise ValidationError(
                    self.env._("%s has no register of these events to search.", source.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        pulls = super().create(vals_list)
        pulls._wake_scheduler()
        return pulls

    def action_run_now(self):
        """Have the scheduler search now.

        :return: an action that says so
        :rtype: dict
        :raise AccessError: for everybody but CRVS managers
        """
        check_group(self.env, "manager")
        self.sudo().filtered(
            lambda pull: pull.kind == "regular" or not pull.end_date
        ).next_date = fields.Datetime.now()
        self._wake_scheduler()
        return notify(self.env, self.env._("The search begins in a moment."))

    def _since(self):
        """Return the first day of the events that a scan wants."""
        self.ensure_one()
        if self.kind == "import":
            return self.date_from
        today = fields.Date.context_today(self)
        return min(self.watermark or today, today) - timedelta(days=self.overlap_days)
