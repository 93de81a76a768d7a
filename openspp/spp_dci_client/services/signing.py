"""The DCI standard's signature of a message, in the style of HTTP signatures."""

import base64
import hashlib
import json

LIFETIME = 300  # seconds


def sign(header, message, *, sender_id, key_id, private_key, now):
    """Sign a message with a key of Ed25519.

    :param dict header: the header, in the order in which it will be sent.
    :param dict message: the message, likewise.
    :param str sender_id: who we are.
    :param str key_id: the name of the key.
    :param private_key: the key, of `cryptography`.
    :param float now: seconds since the epoch.
    :return: the text of the envelope's `signature`
    """
    created, expires = int(now), int(now) + LIFETIME
    text = json.dumps({"header": header, "message": message}, separators=(",", ":"))
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    signed = f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()
    parameters = {
        "namespace": "dci",
        "kidId": f"{sender_id}|{key_id}|ed25519",
        "algorithm": "ed25519",
        "created": created,
        "expires": expires,
        "headers": "(created) (expires) digest",
        "signature": base64.b64encode(private_key.sign(signed)).decode(),
    }
    return ", ".join(f'{name}="{value}"' for name, value in parameters.items())
