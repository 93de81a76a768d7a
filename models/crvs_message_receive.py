import logging
from typing import NamedTuple

from odoo import api, models
from odoo.tools import str2bool

from .. import const
from ..services import envelope as envelopes
from ..services import errors, signature
from ..services.record_values import safe_ascii

_logger = logging.getLogger(__name__)


class Origin(NamedTuple):
    """Who must have signed a message, and the request of ours that it answers, if any."""

    sender: models.BaseModel
    request: models.BaseModel


class CRVSMessage(models.Model):
    """The way in: every check on a pushed message, in the order of the contract."""

    _inherit = "spp.dci.crvs.message"

    @api.model
    def _receive(self, body, path_kind=None, remote_addr=None):
        """Check a message, keep it once and acknowledge it.

        :param bytes body: the message as it came
        :param str path_kind: what the URL is for, None where it takes everything
        :param str remote_addr: IP address of the sender, kept as evidence
        :return: the acknowledgement
        :rtype: dict
        :raise DCIError: for the first check that fails; its ``sender_id`` is the claimed sender
        """
        envelope = envelopes.parse(body)
        try:
            envelopes.check_header(envelope, path_kind)
            envelopes.check_version(envelope)
            envelopes.check_encryption(envelope)
            origin = self._find_origin(envelope)
            verified = self._verify(envelope, origin.sender)
            if not verified.fresh and not self._find_duplicate(origin.sender, envelope):
                raise errors.SignatureExpired("The signature has expired. Please sign anew.")
            if not envelope.is_answer:
                self._check_receiver(envelope)
            envelopes.check_message(
                envelope, max_items=int(self._number_parameter(const.PARAM_MAX_ITEMS))
            )
        except errors.DCIError as error:
            error.sender_id = _loggable(envelope.header.get("sender_id"))
            raise
        message = self._claim(verified, origin)
        if message:
            message._take(verified, origin)
            message._write_evidence(verified, remote_addr)
        else:
            message = self._find_duplicate(origin.sender, envelope)
            message._count_duplicate()
        return message._acknowledgement()

    @api.model
    def _find_origin(self, envelope):
        """Tell whose signature a message needs.

        The header of an answer is not believed: OpenCRVS puts our own ids there. An answer belongs
        to the request that it names, and so to the registry which that request went to.

        :raise UnknownSender: when nobody we trust is in question
        """
        request = self.env["spp.dci.crvs.request"]
        if envelope.is_answer:
            request = request._find(envelope.transaction_id)
        if request:
            sender = request.data_source_id.crvs_sender_id
        else:
            sender = self.env["spp.dci.crvs.sender"].get_by_sender_id(envelope.sender_id)
        if not sender.active:
            raise errors.UnknownSender("The sender is not known here.")
        return Origin(sender, request)

    @api.model
    def _verify(self, envelope, sender):
        """Verify the signature, unless this is a laboratory that takes unsigned messages.

        :rtype: VerifiedMessage
        :raise SignatureMissing, SignatureInvalid: see ``services.signature``
        """
        allow_unsigned = str2bool(
            self.env["ir.config_parameter"].sudo().get_param(const.PARAM_ALLOW_UNSIGNED), False
        )
        if allow_unsigned and not signature.has_signature_form(envelope):
            _logger.warning(
                "Took an unsigned DCI message of %r: %s is set. Never do so in production.",
                _loggable(sender.sender_id),
                const.PARAM_ALLOW_UNSIGNED,
            )
            return signature.unsigned(envelope, sender.sender_id)
        return sender._verify(envelope)

    @api.model
    def _check_receiver(self, envelope):
        """Refuse what is meant for somebody else.

        :raise WrongReceiver: when we have names and the message bears another one
        """
        receiver = envelope.header.get("receiver_id")
        if receiver in (None, ""):
            return
        ours = self._our_receiver_ids()
        if ours and (not isinstance(receiver, str) or receiver.rstrip("/") not in ours):
            raise errors.WrongReceiver("The message is addressed to somebody else.")

    @api.model
    def _our_receiver_ids(self):
        """Return the names under which registries know us, without a final slash.

        :rtype: set[str]
        """
        listed = self.env["ir.config_parameter"].sudo().get_param(const.PARAM_RECEIVER_IDS) or ""
        sources = self.env["spp.dci.data.source"].sudo().search([("our_sender_id", "!=", False)])
        names = [*listed.replace(",", " ").split(), *sources.mapped("our_sender_id")]
        return {name.rstrip("/") for name in names if name.strip()}


def _loggable(sender_id):
    """Cut what a stranger claims to be down to 64 printable ASCII characters."""
    return safe_ascii(sender_id, 64) if isinstance(sender_id, str) else ""
