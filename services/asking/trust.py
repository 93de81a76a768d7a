"""Signing what we ask and verifying what a registry answers over the same connection."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from odoo.api import Environment

from .. import errors, signature
from ..wire import envelope
from ..wire.envelope import Envelope
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


def sign_http(env: Environment, data_source: Any, header: dict[str, Any], message: Any) -> str:
    """Sign a request in the HTTP-signature profile.

    :return: the signature; empty without a signing key, which some registries accept
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


def sign_jws(env: Environment, data_source: Any, header: dict[str, Any], message: Any) -> str:
    """Sign a request as a compact JWS, named by the thumbprint of our key (RFC 7638).

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


def _signing_key(env: Environment, data_source: Any) -> Any:
    key = data_source.signing_key_id
    if not key:
        return None, None
    if key.state != "active":
        raise RegistryError(env, "inactive_signing_key")
    try:
        return key, _read_private_key(key.private_key or "")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RegistryError(env, "bad_signing_key") from None


# By the key's text, so that a key that was changed is another one.
@lru_cache(maxsize=4)
def _read_private_key(pem: str) -> Any:
    """Read a private key; the same text is read once, since checking an RSA key takes 0.1 s."""
    return load_pem_private_key(pem.encode(), password=None)


def verified_message(env: Environment, data_source: Any, answer: dict[str, Any]) -> Answer:
    """Read an answer as strictly as its data source demands.

    A base client hands over decoded answers. Where a signature counts, the answer is written again
    in the order received: enough for every signature but one over numbers such as ``48.90``, which
    is refused, not believed.

    :param env: environment of the caller, for the language
    :param data_source: ``spp.dci.data.source`` with higher rights
    :param answer: what the base client returned, with an object ``message``
    :raise RegistryError: when the answer is not signed as demanded, or not readable
    """
    header = answer.get("header")
    header = header if isinstance(header, dict) else {}
    if header.get("is_msg_encrypted") is True:
        raise RegistryError(env, "unreadable")
    if _needs_verification(env, data_source, answer.get("signature")):
        try:
            text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
            received = envelope.parse(text.encode())
        except errors.InvalidHeader:
            raise RegistryError(env, "unsigned") from None
        except (errors.DCIError, UnicodeEncodeError):
            raise RegistryError(env, "unreadable") from None
        _verify(env, data_source.crvs_sender_id, received)
    return Answer(header, answer["message"], answer)


def _needs_verification(env: Environment, data_source: Any, signed: object) -> bool:
    sender = data_source.crvs_sender_id
    required = data_source.answer_verification == "require"
    if data_source.answer_verification == "ignore" or not (sender or required):
        return False
    if not sender.active:
        raise RegistryError(env, "no_keys")
    if signature.has_signature_form(signed):
        return True
    if required:
        raise RegistryError(env, "unsigned")
    return False


def _verify(env: Environment, sender: Any, received: Envelope) -> None:
    try:
        verified = sender._verify(received)
        if not verified.fresh:
            raise errors.SignatureExpired(verified.expired_s)
    except errors.SignatureExpired as error:
        raise RegistryError(env, "clock_behind", str(error.seconds)) from None
    except errors.SignatureNotYetValid as error:
        raise RegistryError(env, "clock_ahead", str(error.seconds)) from None
    except errors.DCIError as error:
        raise RegistryError(env, "bad_signature", error.reason) from None
