"""A plain model with the columns of a received CRVS event, and no behaviour at all."""

from odoo import fields, models


class BenchEvent(models.Model):
    _name = "spp.bench.event"
    _description = "Bare Event"

    name = fields.Char(required=True)
    event_type = fields.Char(required=True)
    identifier_type = fields.Char()
    identifier_value = fields.Char()
    event_date = fields.Date()
    state = fields.Char(required=True)
    raw_data = fields.Text()
    received_date = fields.Datetime()
    next_attempt = fields.Datetime()
    sender_id = fields.Many2one("spp.dci.crvs.sender")
    source = fields.Char(required=True)
    reference = fields.Char()
    origin = fields.Char(required=True)
    digest = fields.Char(required=True)
    attempts = fields.Integer()
    duplicate_count = fields.Integer()
