"""Runs inside the virtual environment: makes certificates to try a proxy with.

Usage: certificates.py FOLDER NAME. Writes `server.pem` and `server.key` for the name, and
`clients.pem` and `client.key` of the one client that mutual TLS lets in.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make(folder: Path, base: str, name: str, authority: bool) -> None:
    """Write a self-signed certificate and its key, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / f"{base}.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_file = folder / f"{base.removesuffix('s')}.key"
    key_file.touch(mode=0o600)
    key_file.write_bytes(private)


def main() -> None:
    """Make both."""
    folder = Path(sys.argv[1])
    make(folder, "server", sys.argv[2], authority=False)
    make(folder, "clients", "registry.example.org", authority=True)


if __name__ == "__main__":
    main()
