"""The DCI standard's signature of a message, in the style of HTTP signatures."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LIFETIME = 300  # seconds


def to_json(value):
    """:return: the text that is sent: compact, in the order given, ASCII alone."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def canonical(value):
    """:return: a copy of a JSON value with all keys sorted.

    Sent in this order, what a registry reads, sorts or serialises anew is the same text, so
    its way of computing the digest does not matter.
    """
    return json.loads(json.dumps(value, sort_keys=True, allow_nan=False))


def sign(header, message, *, sender_id, key_id, algorithm, private_key, now):
    """Sign a message.

    :param dict header: the header, in the order in which it will be sent.
    :param dict message: the message, likewise.
    :param str sender_id: who we are.
    :param str key_id: the name of the key.
    :param str algorithm: `ed25519` or `rs256`.
    :param private_key: the key, of `cryptography`.
    :param float now: seconds since the epoch.
    :return: the text of the envelope's `signature`
    """
    created, expires = int(now), int(now) + LIFETIME
    text = to_json({"header": header, "message": message})
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    signed = f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()
    if isinstance(private_key, Ed25519PrivateKey):
        signature = private_key.sign(signed)
    else:
        signature = private_key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    parameters = {
        "namespace": "dci",
        "kidId": f"{sender_id}|{key_id}|{algorithm}",
        "algorithm": algorithm,
        "created": created,
        "expires": expires,
        "headers": "(created) (expires) digest",
        "signature": base64.b64encode(signature).decode(),
    }
    return ", ".join(f'{name}="{value}"' for name, value in parameters.items())
