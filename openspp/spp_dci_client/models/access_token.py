from odoo import api, fields, models


class AccessToken(models.Model):
    """OAuth2 access tokens that all workers share. See `services/token.py`, which fills it.

    The row is found by a digest of what the token was asked with, not by its data source: a
    changed credential never meets a token of the old one, and the row can be written by a
    transaction that does not see the data source yet.
    """

    _name = "spp.dci.access.token"
    _description = "DCI Access Token"
    _log_access = False

    cache_key = fields.Char(required=True)
    token = fields.Char(required=True)
    refresh_at = fields.Datetime(required=True)
    expires_at = fields.Datetime(required=True)

    _cache_key_unique = models.Constraint("UNIQUE (cache_key)")

    @api.autovacuum
    def _gc_expired(self):
        self.sudo().search([("expires_at", "<", fields.Datetime.now())]).unlink()
