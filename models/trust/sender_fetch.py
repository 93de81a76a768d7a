import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, str2bool

from ... import const
from ...services import log_guard
from ...services.signature import jwks_fetch
from ..mixins import CLOCK_JUMP, Job, number

_logger = logging.getLogger(__name__)

# Seconds that a fetch may take in all: while a registry waits for its answer, and otherwise.
WAITING_TIMEOUT = 3
TIMEOUT = 10
REFETCH_INTERVAL = timedelta(minutes=1)
# Names the lock that lets one request at a time refetch keys; any number of our own will do.
REFETCH_LOCK = 0x73707063727673


class CRVSSender(models.Model):
    """How the keys of a sender come here, and how they go."""

    _inherit = "spp.dci.crvs.sender"

    def fetch_public_key(self):
        """Fetch the keys that the registry publishes.

        :return: True
        :raise AccessError: for everybody but CRVS managers and the system group
        :raise UserError: when there is no JWKS URL, or the keys cannot be had; the keys known so
            far stay in use
        """
        self.check_access("write")
        for sender in self.sudo():
            if not sender.jwks_url:
                raise UserError(
                    self.env._(
                        "%(name)s has no key address. Please set it, or paste the public key.",
                        name=sender.name,
                    )
                )
            try:
                keys = sender._fetch_keys(TIMEOUT)
            except jwks_fetch.KeyFetchError as error:
                # What follows is rolled back, so the failure is noted in a transaction of its own.
                with sender._in_own_transaction() as own:
                    own._note_fetch_failure(error)
                raise UserError(
                    self.env._(
                        "The keys of %(name)s could not be fetched: %(reason)s. Please check the "
                        "key address and the algorithm, or ask the registry. The keys known so far "
                        "stay in use.",
                        name=sender.name,
                        reason=error,
                    )
                ) from error
            if not sender.try_lock_for_update(allow_referencing=True):
                raise UserError(
                    self.env._("The keys are being fetched right now. Please reload the page.")
                )
            sender._store_keys(keys)
        return True

    def action_fetch_public_key(self):
        """Fetch the keys by a button.

        :return: a notification for the web client
        :rtype: dict
        :raise AccessError, UserError: as :meth:`fetch_public_key`
        """
        self.fetch_public_key()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The keys have been fetched."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _refetch_for_unknown_key(self):
        """Fetch the keys because of a message that is right but for its key, which we don't know.

        At most once a minute per sender and one at a time in the database, at most 3 seconds. What
        comes of it is committed by itself, since the message may still be refused; the caller's
        transaction may therefore not see it and has to use what is returned.

        :return: the keys to verify with now; None when nobody fetched any meanwhile
        :rtype: list[TrustedKey] | None
        """
        self.ensure_one()
        if not self._may_refetch():
            return None
        # The lock is gone with its transaction, whatever happens to this process.
        with self.env.registry.cursor() as lock_cr:
            lock_cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", REFETCH_LOCK))
            if not lock_cr.fetchone()[0]:
                return None
            if self._claim_refetch():
                return self._refresh_keys(WAITING_TIMEOUT)
        # Another request fetched after this one began: what it found is not visible here.
        with self._in_own_transaction() as sender:
            return sender._trusted_keys() if sender else None

    def _may_refetch(self):
        sender = self.sudo()
        last = sender.last_refetch
        return bool(sender.jwks_url) and (
            not last
            or last <= fields.Datetime.now() - REFETCH_INTERVAL
            or last > fields.Datetime.now() + CLOCK_JUMP
        )

    def _claim_refetch(self):
        """Commit that the keys are refetched now, before they are.

        :return: whether it is this sender's turn
        :rtype: bool
        """
        with self._in_own_transaction() as sender:
            if not sender or not sender._may_refetch():
                return False
            sender.last_refetch = fields.Datetime.now()
            return True

    def _refresh_keys(self, timeout):
        """Fetch the keys and commit the outcome by itself.

        :param int timeout: seconds
        :return: the keys to verify with now, None when the fetch failed
        :rtype: list[TrustedKey] | None
        """
        self.ensure_one()
        try:
            keys, failure = self._fetch_keys(timeout), None
        except jwks_fetch.KeyFetchError as error:
            keys, failure = (), error
        with self._in_own_transaction() as sender:
            if failure:
                sender._note_fetch_failure(failure)
                return None
            if sender:
                sender._store_keys(keys)
            return sender._trusted_keys() if sender else None

    @api.model
    def _cron_refresh_keys(self):
        """Fetch the keys of every sender with a JWKS URL (the scheduled action's method).

        Those that waited longest come first; failures are noted on the sender.
        """
        senders = self.search([("jwks_url", "!=", False)], order="last_key_attempt NULLS FIRST, id")
        self._work_off(Job(sender._refresh_by_schedule, sender._note_broken) for sender in senders)

    def _refresh_by_schedule(self):
        self._refresh_keys(TIMEOUT)
        return 1

    def _note_broken(self, error):
        _logger.error(
            "The keys of CRVS sender %s were not refreshed: %s", self.id, log_guard.describe(error)
        )

    def _fetch_keys(self, timeout):
        """Fetch the published keys, without any lock and without writing anything.

        :param int timeout: seconds in all
        :rtype: tuple[TrustedKey, ...]
        :raise KeyFetchError: also when none of them is of this sender's algorithm
        """
        sender = self.sudo()
        allow_insecure = str2bool(
            self.env["ir.config_parameter"].sudo().get_param(const.PARAM_ALLOW_INSECURE_JWKS),
            False,
        )
        keys = jwks_fetch.fetch_jwks(
            sender.jwks_url, timeout=timeout, allow_insecure=allow_insecure
        )
        if not any(key.algorithm == sender.algorithm for key in keys):
            raise jwks_fetch.KeyFetchError("no signing key of this sender's algorithm")
        return keys

    # === WHAT A FETCH LEAVES === #

    @contextmanager
    def _in_own_transaction(self):
        """Give this sender, locked, in a transaction of its own that is committed at the end.

        Empty when it is locked by somebody else, or not committed yet.
        """
        with self.env.registry.cursor() as cr:
            sender = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
            yield sender.try_lock_for_update(allow_referencing=True)

    def _note_fetch_failure(self, error):
        """Keep why a fetch failed, and tell the managers once; keys stay as they are."""
        for sender in self:
            sender.write({"last_key_error": str(error), "last_key_attempt": fields.Datetime.now()})
            sender._alert(
                "key_fetch_failed",
                self._crvs_managers(),
                self.env._(
                    "The keys could not be fetched: %(reason)s. Those known so far stay in use. "
                    "Please check the key address and the algorithm, or ask the registry.",
                    reason=error,
                ),
            )

    def _store_keys(self, published):
        """Take over what a successful fetch showed.

        Keys not shown any more get their grace period. Keys that were revoked, or whose grace
        period is over, stay so, also when shown under another id.

        :param published: all the signing keys that the registry publishes
        :type published: Sequence[TrustedKey]
        """
        self.ensure_one()
        first_time = not self.last_key_fetch
        now = fields.Datetime.now()
        known = self.key_ids
        alive = known.filtered(lambda key: key.state not in ("revoked", "over"))
        buried = set((known - alive).mapped("fingerprint")) - set(alive.mapped("fingerprint"))
        buried |= self._revoked_fingerprints()
        rows = {(key.key_id or None, key.fingerprint): key for key in known}
        shown = known.browse()
        new_values = []
        for key in published:
            row = rows.get((key.kid, key.fingerprint))
            if row:
                shown |= row
            elif key.fingerprint not in buried:
                new_values.append(self._key_values(key, now))
        shown.write({"last_seen": now})
        (shown & alive).filtered("missing_since").write(
            {"missing_since": False, "valid_until": False}
        )
        # A clock that was ahead must not have an old key serve for longer.
        (alive - shown).filtered(
            lambda key: not key.missing_since or key.missing_since > now + CLOCK_JUMP
        ).write({"missing_since": now, "valid_until": now + self._key_grace()})
        new = known.create(new_values)
        self.write({"last_key_fetch": now, "last_key_attempt": now, "last_key_error": False})
        self._show_primary_key()
        self._open_alerts("key_fetch_failed").unlink()
        fresh = new.filtered(lambda key: key.fingerprint not in set(known.mapped("fingerprint")))
        self._note_keys(self.env._("New key: %s"), fresh)
        if fresh and not first_time:
            self._alert(
                "sender_changed",
                self._other_managers(),
                self.env._(
                    "The registry published a new key, which is in use now. Please confirm with "
                    "the registry that this is right."
                ),
            )

    def _key_values(self, key, now):
        return {
            "sender_id": self.id,
            "key_id": key.kid,
            "algorithm": key.algorithm,
            "fingerprint": key.fingerprint,
            "public_key": jwks_fetch.to_pem(key.public_key),
            "first_seen": now,
            "last_seen": now,
        }

    def _key_grace(self):
        """Return for how long a key serves that the registry no longer shows."""
        hours = min(number(self.env, const.PARAM_KEY_GRACE_H), const.MAX_KEY_GRACE_H)
        return timedelta(hours=hours)

    def _show_primary_key(self):
        """Have ``public_key`` show the newest live key, and never one that was revoked."""
        for sender in self.sudo():
            if sender.jwks_url and sender.last_key_fetch:
                shown = sender.key_ids.filtered(lambda key: key.state == "live")
                # An explicit order: new rows stand last in the cache.
                newest = shown.sorted(lambda key: (key.first_seen, key.id), reverse=True)[:1]
                primary = newest.public_key
            elif sender.key_fingerprint in sender._revoked_fingerprints():
                primary = False
            else:
                continue
            if sender.public_key != primary:
                sender.public_key = primary

    def _note_keys(self, text, keys):
        """Log in the chatter what happened to keys, by fingerprint.

        :param str text: with one %s
        """
        self.ensure_one()
        for fingerprint in sorted(set(keys.mapped("fingerprint"))):
            self._message_log(body=text % fingerprint)
