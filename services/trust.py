"""Signing what we ask and verifying what a registry answers over the same connection."""

import json
import time
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from . import envelope, errors, signature
from .explanations import RegistryError


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as far as it may be believed: header ids are not, OpenCRVS echoes ours there.

    :param header: empty when there is none, as in an acknowledgement
    :param message: what the registry said
    :param envelope: everything that came, as decoded
    """

    header: dict
    message: dict
    envelope: dict


def sign_http(env, data_source, header, message):
    """Sign a request in the HTTP-signature profile.

    :return: the signature; empty without an active signing key, which some registries accept
    :rtype: str
    :raise RegistryError: when the key cannot be used
    """
    key, private_key = _signing_key(env, data_source)
    if not key:
        return ""
    return signature.sign_http(
        header,
        message,
        sender_id=header["sender_id"],
        key_id=key.key_id,
        algorithm=key.algorithm,
        private_key=private_key,
        now=time.time(),
    )


def sign_jws(env, data_source, header, message):
    """Sign a request as a compact JWS, named by the thumbprint of our key (RFC 7638).

    :rtype: str
    :raise RegistryError: when there is no active signing key, it is not one of RS256, the one
        algorithm of this profile, or it cannot be used
    """
    key, private_key = _signing_key(env, data_source)
    if not key:
        raise RegistryError(env, "no_signing_key")
    if key.algorithm != "rs256":
        raise RegistryError(env, "no_rsa_key")
    return signature.sign_jws(
        header,
        message,
        private_key=private_key,
        algorithm=key.algorithm,
        kid=signature.thumbprint(private_key.public_key()),
    )


def _signing_key(env, data_source):
    key = data_source.signing_key_id
    if not key or key.state != "active":
        return None, None
    try:
        return key, _read_private_key(key.private_key or "")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RegistryError(env, "bad_signing_key") from None


# By the key's text, so that a key that was changed is another one.
@lru_cache(maxsize=4)
def _read_private_key(pem):
    """Read a private key; the same text is read once, since checking an RSA key takes 0.1 s."""
    return load_pem_private_key(pem.encode(), password=None)


def verified_message(env, data_source, answer, parse=envelope.parse):
    """Read an answer as strictly as its data source demands.

    The base client of this repository hands over the bytes received. Another one may only have
    the decoded answer, which is then written again in the order received: enough for every
    signature but one over numbers such as ``48.90``, which is refused, not believed.

    :param env: environment of the caller, for the language
    :param data_source: ``spp.dci.data.source`` with higher rights
    :param dict answer: what the base client returned, with an object ``message``
    :param parse: how to make an :class:`.envelope.Envelope` of a body
    :rtype: Answer
    :raise RegistryError: when the answer is not signed as demanded, or not readable
    """
    body = getattr(answer, "body", None)
    if body is None:
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    required = data_source.answer_verification == "require"
    try:
        received = parse(body)
        envelope.check_encryption(received)
    except errors.InvalidHeader:
        if required:
            raise RegistryError(env, "unsigned") from None
        return Answer({}, answer["message"], dict(answer))
    except errors.DCIError:
        raise RegistryError(env, "unreadable") from None
    if _needs_verification(env, data_source, received):
        _verify(env, data_source.crvs_sender_id, received)
    return Answer(received.header, received.message, dict(answer))


def _needs_verification(env, data_source, received):
    sender = data_source.crvs_sender_id
    required = data_source.answer_verification == "require"
    if data_source.answer_verification == "ignore" or not (sender or required):
        return False
    if not sender.active:
        raise RegistryError(env, "no_keys")
    if signature.has_signature_form(received):
        return True
    if required:
        raise RegistryError(env, "unsigned")
    return False


def _verify(env, sender, received):
    try:
        if not sender._verify(received).fresh:
            raise errors.SignatureExpired()
    except errors.DCIError as error:
        raise RegistryError(env, "bad_signature", error.reason) from None
