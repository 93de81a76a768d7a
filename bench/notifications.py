"""Signs notifications before the clock starts.

Usage: python -m bench.notifications KEY TARGET FIRST COUNT ITEMS. Writes COUNT messages, one a
line, each of ITEMS deaths, of the registrants from FIRST on, signed with the private Ed25519 key
of the file KEY, which is created when it is not there. Says the public key.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.inside.talk import say

# The repository's root: its pure services import nothing of Odoo.
sys.path.insert(0, os.environ["SPP_REPOSITORY"])
from bench.inside.events import item
from services import signature

LIFETIME_S = 3600
SENDER = "bench.example.org"
RECEIVER = "spp.example.org"


def key_of(path: Path) -> Ed25519PrivateKey:
    """Read the private key of a file, or make one."""
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return serialization.load_pem_private_key(path.read_bytes(), password=None)


def signed(key: Ed25519PrivateKey, numbers: range) -> bytes:
    """Return a signed notification of the deaths of these registrants."""
    header = {
        "version": "1.0.0",
        "message_id": str(uuid.uuid4()),
        "message_ts": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "action": "notify",
        "sender_id": SENDER,
        "receiver_id": RECEIVER,
        "total_count": len(numbers),
        "is_msg_encrypted": False,
    }
    message = {
        "transaction_id": str(uuid.uuid4()),
        "notify_event": [item(number) for number in numbers],
    }
    text = signature.sign_http(
        header,
        message,
        sender_id=SENDER,
        key_id="bench",
        algorithm="ed25519",
        private_key=key,
        now=time.time(),
        lifetime=LIFETIME_S,
    )
    return json.dumps({"signature": text, "header": header, "message": message}).encode()


def main(key_file: str, target: str, first: str, count: str, items: str) -> None:
    """Write the messages and say the public key."""
    key = key_of(Path(key_file))
    with open(target, "wb") as stream:
        for start in range(int(first), int(first) + int(count) * int(items), int(items)):
            stream.write(signed(key, range(start, start + int(items))) + b"\n")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    say(public_key=public.decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
