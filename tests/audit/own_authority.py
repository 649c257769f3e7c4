"""Certificates of an authority that lives for one test session, written as PEM files."""

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass
class OwnAuthority:
    """Signs certificates; `ca` is the file of its own."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        self.ca = self.folder / f"{self.name}.pem"
        self.ca.write_bytes(self.signed(self.name, self.key, (), (-9, 9), authority=True))

    def signed(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        hosts: tuple[str, ...],
        days: tuple[int, int],
        authority: bool = False,
    ) -> bytes:
        """A certificate that is valid between two days from now."""
        begin, end = (datetime.now(UTC) + timedelta(days=away) for away in days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([alternative(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM)

    def pair(
        self,
        name: str,
        hosts: tuple[str, ...] = (),
        days: tuple[int, int] = (-1, 1),
        password: bytes | None = None,
    ) -> tuple[Path, Path]:
        """The files of a certificate and of its key."""
        key = new_key()
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(self.signed(name, key, hosts, days))
        hidden = BestAvailableEncryption(password) if password else NoEncryption()
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
        return files
