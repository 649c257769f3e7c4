"""Files of certificates and keys, checked before anybody is called."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from fairness.errors import UsageError

MOST_BYTES = 2**22
"""Of a file; the list of all public authorities has a quarter of a MiB."""


def read_authorities(path: Path) -> bytes:
    """The PEM file of --ca-cert.

    Raises:
        UsageError: it cannot be read, holds no certificates, or none that is valid now.
    """
    content = content_of("--ca-cert", path)
    faults = [fault_of_dates(found) for found in certificates_in("--ca-cert", path, content)]
    if all(faults):
        raise UsageError(f"--ca-cert {path}: {faults[0]}; get a new one")
    return content


def read_pair(certificate: Path, key: Path) -> tuple[bytes, bytes]:
    """The PEM files of --client-cert, the certificate and those that lead to its authority, and of
    --client-key.

    Raises:
        UsageError: one cannot be read or is of another kind, a certificate is not valid now, the
            key is encrypted, or it does not belong to the certificate.
    """  # noqa: D205
    chain, secret = content_of("--client-cert", certificate), content_of("--client-key", key)
    found = certificates_in("--client-cert", certificate, chain)
    for fault in filter(None, map(fault_of_dates, found)):
        raise UsageError(f"--client-cert {certificate}: {fault}; get a new one")
    try:
        public = load_pem_private_key(secret, None).public_key()
    except TypeError:
        raise UsageError(
            f"--client-key {key} is encrypted; write a copy that only you can read: "
            f"(umask 077; openssl pkey -in {key} -out plain.key)"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"--client-key {key} holds no private key in PEM") from None
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if public.public_bytes(*form) != found[0].public_key().public_bytes(*form):
        raise UsageError(
            f"--client-key {key} does not belong to --client-cert {certificate}, whose own "
            "certificate must come first in its file"
        )
    return chain, secret


def content_of(flag: str, path: Path) -> bytes:
    """Bytes of a file that a flag names; UsageError where it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{flag} {path}: {error.strerror}; name a PEM file") from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{flag} {path} is larger than any list of certificates; name a PEM file")
    return content


def certificates_in(flag: str, path: Path, content: bytes) -> Sequence[x509.Certificate]:
    """At least one certificate; UsageError where there is none."""
    try:
        return x509.load_pem_x509_certificates(content)
    except (ValueError, UnsupportedAlgorithm):
        remedy = f"openssl x509 -inform der -in {path} makes PEM of DER"
        raise UsageError(f"{flag} {path} holds no certificate in PEM; {remedy}") from None


def fault_of_dates(certificate: x509.Certificate) -> str | None:
    """Why a certificate is not valid now."""
    now = datetime.fromtimestamp(time.time(), UTC)
    if now > certificate.not_valid_after_utc:
        return f"the certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if now < certificate.not_valid_before_utc:
        begin = certificate.not_valid_before_utc
        return f"the certificate is not valid before {begin:%Y-%m-%d %H:%M} UTC"
    return None
