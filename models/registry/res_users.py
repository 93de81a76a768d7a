from odoo import fields, models

_OWN = ["crvs_daily_digest"]


class ResUsers(models.Model):
    _inherit = "res.users"

    crvs_daily_digest = fields.Boolean(
        "Daily Mail on Vital Events",
        help="A mail a day with how many vital events need you, on days when some do.",
    )
    crvs_digest_date = fields.Datetime(readonly=True, copy=False)

    @property
    def SELF_READABLE_FIELDS(self):  # noqa: N802
        return super().SELF_READABLE_FIELDS + _OWN

    @property
    def SELF_WRITEABLE_FIELDS(self):  # noqa: N802
        return super().SELF_WRITEABLE_FIELDS + _OWN
