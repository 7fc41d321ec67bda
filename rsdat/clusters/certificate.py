"""One self-signed certificate for all roles of a cluster: who holds the key belongs to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_BACKDATED = timedelta(days=1)
_LIFE = timedelta(days=730)


def make_certificate(cluster_id: str, now: datetime) -> tuple[bytes, bytes]:
    """Certificate and private key in PEM, for servers and clients alike.

    It is its own authority: Dask checks no host names, so the key is the identity. EC P-256 takes
    half a millisecond where RSA takes fifty.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"rsdat-{cluster_id}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The clocks of nodes differ: a certificate from "now" is not valid yet on some.
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
