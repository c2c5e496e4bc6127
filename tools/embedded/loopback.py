"""Mutual TLS between two servers of one machine: a single certificate that both show, and that each trusts alone."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from components.clients import private

_TEN_YEARS = datetime.timedelta(days=3650)
_USAGES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True)
class Pair:
    """The files of the certificate and of its private key."""

    certificate: Path
    key: Path

    def make(self) -> None:
        """Make the pair, unless it is there."""
        if self.certificate.is_file() and self.key.is_file():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.certificate.stem)])
        now = datetime.datetime.now(datetime.UTC)
        # An hour ago: the clock may be set back a little.
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + _TEN_YEARS)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .add_extension(x509.ExtendedKeyUsage(_USAGES), False)
            .sign(key, hashes.SHA256())
        )
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        private.write(self.key, key.private_bytes(*form))
        private.write(self.certificate, made.public_bytes(serialization.Encoding.PEM))
