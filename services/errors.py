"""Everything that can be wrong with a message from outside, one class per reason.

Pure Python. Each class knows the HTTP status and the DCI error code of the acknowledgement, and the
short word that goes into the log line. No instance ever carries text of the sender: messages are
sentences of our own, and ``where`` is a path made of our own member names and indexes.
"""

from __future__ import annotations


class DCIError(Exception):
    """A message that is refused.

    :param message: safe sentence for the sender; the class's own sentence when left out
    :param where: place in the message that is meant, such as ``message.notify_event[3].data``
    :ivar sender_id: who the sender claims to be, cut down to what a log line may hold; set by
        whoever knows it
    :ivar claimed_sender: the same when it has the form of a sender ID, else empty
    :ivar registry_id: id of the registry of that name, 0 when there is none
    """

    http_status = 400
    code = "err.request.bad"
    reason = "request"
    sentence = "The request cannot be processed."

    def __init__(self, message: str = "", *, where: str | None = None) -> None:
        super().__init__(message or self.sentence)
        self.where = where
        self.sender_id = ""
        self.claimed_sender = ""
        self.registry_id = 0


class WrongMethod(DCIError):
    """Not a POST, so not a message either."""

    http_status = 405
    reason = "method"
    sentence = "Messages are taken by POST only."


class BodyTooLarge(DCIError):
    """Declared or real size is over the limit."""

    http_status = 413
    reason = "size"
    sentence = "The request is larger than this system accepts."


class InvalidJSON(DCIError):
    """Not one strict JSON document, see :mod:`.strict_json`."""

    reason = "json"
    sentence = "The request is not valid JSON in UTF-8."


class InvalidHeader(DCIError):
    """No envelope, an id of a wrong type, or an action that does not belong here."""

    reason = "header"
    sentence = "The request has no valid header."


class VersionNotSupported(DCIError):
    """The header names another version of the protocol."""

    code = "err.version.not_supported"
    reason = "version"
    sentence = "Only version 1.x of the protocol is supported."


class EncryptionNotSupported(DCIError):
    """The message is encrypted, by its flag or by its shape."""

    code = "err.encryption.invalid"
    reason = "encryption"
    sentence = "Encrypted messages are not supported."


class UnknownSender(DCIError):
    """No active sender bears the claimed id."""

    http_status = 401
    code = "err.sender_id.invalid"
    reason = "sender"
    sentence = "The sender is not known here."


class SignatureMissing(DCIError):
    """There is no signature, or an empty one."""

    http_status = 401
    code = "err.signature.missing"
    reason = "unsigned"
    sentence = "The message is not signed."


class SignatureInvalid(DCIError):
    """Base of all that can be wrong with a signature that is there."""

    http_status = 401
    code = "err.signature.invalid"
    reason = "signature"
    sentence = "The signature is not valid."


class MalformedSignature(SignatureInvalid):
    """The signature cannot be read as one of either profile."""

    reason = "malformed"
    sentence = "The signature has the form of neither profile."


class AlgorithmMismatch(SignatureInvalid):
    """The message or its key names an algorithm that is not the sender's."""

    reason = "algorithm"
    sentence = "The signature's algorithm is not the one agreed with the sender."


class UnknownKey(SignatureInvalid):
    """The named key is none of the sender's; everything else that can be checked has passed.

    :param kid: key id as the message names it
    """

    reason = "unknown-key"
    sentence = "The key that the signature names is not known here."

    def __init__(self, message: str = "", *, where: str | None = None, kid: str = "") -> None:
        super().__init__(message, where=where)
        self.kid = kid


class SignatureExpired(SignatureInvalid):
    """The signature is too old by its own word, or by the limit on age.

    :param seconds: since when
    """

    reason = "expired"
    sentence = "The signature has expired. Please sign anew."

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = int(seconds)
        super().__init__(
            f"The signature expired {self.seconds} seconds ago. If it was made just now, your "
            "clock is behind ours: please set it, and sign anew."
            if self.seconds
            else ""
        )


class SignatureNotYetValid(SignatureInvalid):
    """The signature begins in the future, beyond what clocks may differ.

    :param seconds: until it begins
    """

    reason = "not-yet-valid"
    sentence = "The signature lies in the future."

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = int(seconds)
        super().__init__(
            f"The signature begins in {self.seconds} seconds: your clock is ahead of ours. Please "
            "set it, and sign anew."
            if self.seconds
            else ""
        )


class LifetimeTooLong(SignatureInvalid):
    """From ``created`` to ``expires`` is more than a day."""

    reason = "lifetime"
    sentence = "The signature is meant to be valid for longer than a day."


class WrongKeyOwner(SignatureInvalid):
    """The key id names a sender that is not this one."""

    reason = "key-owner"
    sentence = "The key id of the signature names another sender."


class DigestMismatch(SignatureInvalid):
    """No way of writing the message gives a text that the signature fits."""

    reason = "mismatch"
    sentence = "The signature does not fit the message."


class UnsupportedCritical(SignatureInvalid):
    """A JWS demands an extension (RFC 7515, section 4.1.11)."""

    reason = "critical"
    sentence = "The signature requires an extension that is not supported."


class PayloadMismatch(SignatureInvalid):
    """The payload of a JWS is not the envelope around it."""

    reason = "payload"
    sentence = "What was signed is not what was sent."


class WrongReceiver(DCIError):
    """The header names a receiver that is none of our ids."""

    code = "err.receiver_id.invalid"
    reason = "receiver"
    sentence = "The message is addressed to another receiver."


class InvalidMessage(DCIError):
    """The message does not fit the schema of its kind; ``where`` names the place."""

    reason = "schema"
    sentence = "The message does not have the shape that its action requires."


class TooManyItems(DCIError):
    """The message holds more items than one message may."""

    http_status = 413
    reason = "items"
    sentence = "The message holds more items than this system accepts."


class ServiceUnavailable(DCIError):
    """The database cannot be reached, or something of ours failed."""

    http_status = 503
    code = "err.service.unavailable"
    reason = "unavailable"
    sentence = "The service is not available at the moment; please send the message again later."
