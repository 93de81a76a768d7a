from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from .. import const
from ..services import dialects


class SppDciDataSource(models.Model):
    """What this addon must know about a civil registry beyond how to reach it."""

    _inherit = "spp.dci.data.source"

    dialect = fields.Selection(
        selection=[("standard", "DCI standard"), ("opencrvs", "OpenCRVS")],
        required=True,
        default="standard",
        help="How this registry speaks DCI. OpenCRVS names its registers and identifiers in its "
        "own way, and events have to be pulled from it.",
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
    can_subscribe = fields.Boolean(compute="_compute_can_subscribe")

    _check_batch_size_range = models.Constraint(
        "CHECK (check_batch_size BETWEEN 1 AND 1000)",
        "Between 1 and 1000 persons can be asked about in one message.",
    )

    @api.depends("crvs_sender_id")
    def _compute_answer_verification(self):
        """Require signatures as soon as there are keys to verify them with."""
        for source in self:
            if source.crvs_sender_id:
                if not source.answer_verification or source.answer_verification == "present":
                    source.answer_verification = "require"
            elif source.answer_verification != "ignore":
                source.answer_verification = "present"

    @api.depends("registry_type", "dialect")
    def _compute_can_subscribe(self):
        for source in self:
            source.can_subscribe = (
                source.registry_type == "CRVS" and dialects.get(source.dialect).can_subscribe
            )
