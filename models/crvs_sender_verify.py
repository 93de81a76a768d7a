import time

from odoo import models

from .. import const
from ..services import errors, signature


class CRVSSender(models.Model):
    _inherit = "spp.dci.crvs.sender"

    def _verify(self, envelope):
        """Verify that a message is this sender's.

        A key that nobody knows here is the sign of a rotation: the keys are fetched again, rarely.

        :param Envelope envelope: the message as received
        :rtype: VerifiedMessage
        :raise SignatureMissing, SignatureInvalid: see ``services.signature``; an expired signature
            that is right otherwise is returned, and not ``fresh``
        """
        self.ensure_one()
        try:
            return self._verify_with_known_keys(envelope)
        except errors.UnknownKey:
            keys = self._refetch_for_unknown_key()
            if not keys:
                raise
            return self._verify_with(envelope, keys)

    def _verify_with_known_keys(self, envelope):
        try:
            return self._verify_with(envelope, self._trusted_keys())
        except errors.DigestMismatch:
            if not (self.jwks_url and self._pasted_key()):
                raise
        # A pasted key stands in until the keys are first fetched, and answers to every key id:
        # the message may be signed with one that is published and that nobody has looked for.
        return self._verify_with(envelope, ())

    def _verify_with(self, envelope, keys):
        number = self.env["spp.dci.crvs.message"]._number_parameter
        return signature.verify(
            envelope,
            sender_id=self.sender_id,
            algorithm=self.algorithm,
            keys=keys,
            now=time.time(),
            clock_skew=int(number(const.PARAM_CLOCK_SKEW_S)),
            max_age=int(number(const.PARAM_MAX_MESSAGE_AGE_H) * 3600),
        )
