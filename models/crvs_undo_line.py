from odoo import fields, models


class CRVSUndoLine(models.Model):
    """What became of one event in a run that undoes a sender's events."""

    _name = "spp.dci.crvs.undo.line"
    _description = "CRVS Undo Line"
    _order = "id"

    undo_id = fields.Many2one(
        "spp.dci.crvs.undo", required=True, readonly=True, index=True, ondelete="cascade"
    )
    event_id = fields.Many2one(
        "spp.dci.crvs.event", required=True, readonly=True, index=True, ondelete="cascade"
    )
    event_type = fields.Selection(related="event_id.event_type")
    person_id = fields.Many2one(related="event_id.person_id")
    result = fields.Selection(
        [
            ("restored", "Put Back"),
            ("partly", "Put Back in Part"),
            ("stopped", "Stopped Before Any Effect"),
        ],
        required=True,
        readonly=True,
    )
    remark = fields.Text(readonly=True)
