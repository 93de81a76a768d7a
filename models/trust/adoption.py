from odoo import api, fields, models
from odoo.tools.sql import column_exists, table_exists

from .sender_key import parse_pem


class CRVSSender(models.Model):
    """Senders that OpenSPP's own module of this name knew, kept where ours takes its place.

    It kept one PEM for each and no rows of keys, and some senders without an algorithm.
    """

    _inherit = "spp.dci.crvs.sender"

    def _auto_init(self):
        """Fill what ours requires before PostgreSQL is told to require it."""
        cr = self.env.cr
        if table_exists(cr, self._table) and not column_exists(cr, self._table, "key_fingerprint"):
            cr.execute(
                "SELECT id, public_key FROM spp_dci_crvs_sender"
                " WHERE COALESCE(public_key, '') != '' OR algorithm IS NULL"
            )
            for sender_id, pem in cr.fetchall():
                # The key itself says which algorithm it is for.
                key = _read(pem)
                cr.execute(
                    "UPDATE spp_dci_crvs_sender SET name = COALESCE(name, sender_id),"
                    " algorithm = COALESCE(%s, algorithm, 'ed25519') WHERE id = %s",
                    [key and key.algorithm, sender_id],
                )
        return super()._auto_init()

    @api.model
    def _adopt(self):
        """Make live keys of PEMs that no row of a key stands for (the data file's method).

        A sender without JWKS URL needs none: its pasted key serves by itself.
        """
        senders = self.with_context(active_test=False).search(
            [
                ("public_key", "!=", False),
                ("jwks_url", "!=", False),
                ("last_key_fetch", "!=", False),
                ("key_ids", "=", False),
            ]
        )
        for sender in senders:
            if key := _read(sender.public_key):
                self.env["spp.dci.crvs.sender.key"].create(
                    {
                        "sender_id": sender.id,
                        "algorithm": key.algorithm,
                        "fingerprint": key.fingerprint,
                        "public_key": sender.public_key,
                        "first_seen": sender.last_key_fetch,
                        "last_seen": fields.Datetime.now(),
                    }
                )


def _read(pem):
    """The key in a PEM, None when there is none that could be used."""
    try:
        return parse_pem(pem)
    except (ValueError, TypeError, AttributeError):
        return None
