from functools import lru_cache

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...services.signature import TrustedKey


@lru_cache(maxsize=512)
def parse_pem(pem, kid=None):
    """Parse a public key once per process rather than once per message.

    :param str pem: public key in PEM form
    :param kid: id under which the key was published, None for a pasted one
    :rtype: TrustedKey
    :raise ValueError: when it is no Ed25519 key and no RSA key of 2048 to 8192 bits
    """
    return TrustedKey.from_pem(pem, kid=kid)


class CRVSSenderKey(models.Model):
    """A public key that a registry publishes, from its first appearance to its end.

    A key serves while the registry shows it and for a grace period afterwards. Once that is over
    it stays dead even when it is shown again, until a manager admits it; revoked is for ever.
    """

    _name = "spp.dci.crvs.sender.key"
    _description = "CRVS Sender Key"
    _order = "first_seen desc, id desc"
    _rec_name = "fingerprint"

    sender_id = fields.Many2one(
        "spp.dci.crvs.sender", required=True, readonly=True, index=True, ondelete="cascade"
    )
    key_id = fields.Char(
        string="Key ID", readonly=True, help="Under which the registry publishes the key (kid)."
    )
    algorithm = fields.Selection(
        selection=[("ed25519", "Ed25519"), ("rs256", "RS256 (RSA)")], required=True, readonly=True
    )
    fingerprint = fields.Char(
        required=True, readonly=True, help="RFC 7638 thumbprint: SHA-256 of the key, base64url."
    )
    public_key = fields.Text(required=True, readonly=True)
    first_seen = fields.Datetime(required=True, readonly=True)
    last_seen = fields.Datetime(required=True, readonly=True)
    missing_since = fields.Datetime(
        readonly=True, help="When the registry was first seen without this key."
    )
    valid_until = fields.Datetime(
        string="Serves Until",
        readonly=True,
        help="When the grace period of a key that the registry no longer shows ends.",
    )
    revoked_date = fields.Datetime(string="Revoked On", readonly=True)
    revoked_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    state = fields.Selection(
        selection=[
            ("live", "In use"),
            ("grace", "Grace period"),
            ("unused", "Other algorithm"),
            ("over", "Ended"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
    )

    is_shown = fields.Boolean(
        compute="_compute_is_shown", help="Whether the last successful fetch showed the key."
    )

    _key_uniq = models.UniqueIndex("(sender_id, fingerprint, (COALESCE(key_id, '')))")

    @api.depends("last_seen", "sender_id.last_key_fetch")
    def _compute_is_shown(self):
        for key in self:
            fetched = key.sender_id.last_key_fetch
            key.is_shown = bool(fetched and key.last_seen >= fetched)

    @api.depends("revoked_date", "valid_until", "algorithm", "sender_id.algorithm")
    def _compute_state(self):
        now = fields.Datetime.now()
        for key in self:
            if key.revoked_date:
                key.state = "revoked"
            elif key.valid_until and key.valid_until <= now:
                key.state = "over"
            elif key.algorithm != key.sender_id.algorithm:
                key.state = "unused"
            else:
                key.state = "grace" if key.valid_until else "live"

    @api.model
    def _search_live(self, sender):
        """Return the keys that verify a sender's signatures now, the newest first, in one query."""
        return self.sudo().search_fetch(
            [
                ("sender_id", "=", sender.id),
                ("algorithm", "=", sender.algorithm),
                ("revoked_date", "=", False),
                "|",
                ("valid_until", "=", False),
                ("valid_until", ">", fields.Datetime.now()),
            ],
            ["public_key", "key_id"],
        )

    def _trusted(self):
        """Return the key in the form that verifies signatures.

        :rtype: TrustedKey
        """
        return parse_pem(self.public_key, self.key_id or None)

    def action_revoke(self):
        """Stop trusting these keys at once and for ever, under whatever id they are shown.

        :return: True
        :raise AccessError: for everybody but CRVS managers and the system group
        """
        self.sender_id.check_access("write")
        for sender in self.sudo().sender_id:
            fingerprints = (self.sudo() & sender.key_ids).mapped("fingerprint")
            same = sender.key_ids.filtered_domain(
                [("fingerprint", "in", fingerprints), ("revoked_date", "=", False)]
            )
            same.write({"revoked_date": fields.Datetime.now(), "revoked_by": self.env.uid})
            sender._show_primary_key()
            sender._note_keys(self.env._("Key revoked: %s"), same)
            self.env["spp.dci.crvs.event"]._hold_pending_of(sender, same.mapped("fingerprint"))
        return True

    def action_readmit(self):
        """Trust keys again that the registry shows though their grace period has ended.

        :return: True
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when one of them is of another kind
        """
        self.sender_id.check_access("write")
        keys = self.sudo()
        if not all(key.state == "over" and key.is_shown for key in keys):
            raise UserError(
                self.env._(
                    "Only a key that has ended and that the registry publishes again can be "
                    "admitted again. Please fetch the keys first."
                )
            )
        keys.write({"missing_since": False, "valid_until": False})
        for sender in keys.sender_id:
            sender._show_primary_key()
            sender._note_keys(self.env._("Key admitted again: %s"), keys & sender.key_ids)
            sender._alert(
                "sender_changed",
                sender._other_managers(),
                self.env._(
                    "A key that had ended was admitted again. Please confirm with the registry "
                    "that this is right."
                ),
            )
        return True
