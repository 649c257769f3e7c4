"""Why a TLS handshake fails: gRPC says only that it does, so it is tried once more by hand."""

import socket
import ssl
from dataclasses import dataclass

from audit.client.address import SECONDS, host_and_port, speaks_plain_grpc
from audit.client.connection import Connection

HUNG_UP = "UNEXPECTED_EOF_WHILE_READING"
"""OpenSSL's reason where a server says nothing."""

HANDSHAKE = ("handshake", "certificate", "ssl", "tls")
"""Words of gRPC's message where a handshake failed."""

NOT_YET_VALID, EXPIRED, HOST_DIFFERS, ADDRESS_DIFFERS = 9, 10, 62, 64
"""OpenSSL's codes (x509_vfy.h) for what is wrong with a certificate."""


@dataclass(frozen=True)
class Greeting:
    """What a server said in a handshake that succeeded."""

    protocol: str | None
    """What it chose of what we offered: `h2`, or nothing."""
    names: list[str]
    """That its certificate is made out to."""
    goes_on: bool
    """Whether it said anything more, as HTTP/2 does. By TLS 1.3 a client's certificate is refused
    only after the handshake, and some servers hang up then without a word."""


def fault_of_handshake(connection: Connection, message: str) -> str | None:
    """What is wrong with TLS between us and a server, and what to do; None where nothing is.

    Args:
        connection: to the server, with TLS.
        message: gRPC's.
    """
    endpoint = connection.endpoint
    try:
        greeting = shake_hands(connection)
    except ssl.SSLCertVerificationError as error:
        return distrusted(error, connection)
    except ssl.SSLError as error:
        return broken_off(error.reason or "", connection)
    except OSError:
        return no_tls(endpoint) if speaks_plain_grpc(endpoint) else None
    if greeting.protocol != "h2":
        return (
            f"{endpoint} speaks TLS, but no HTTP/2, so no gRPC; give the gRPC port in --endpoint "
            "(8001 by default)"
        )
    if not greeting.goes_on:
        return broken_off(HUNG_UP, connection)
    if connection.ca_cert is None and any(word in message.lower() for word in HANDSHAKE):
        return (
            f"gRPC does not trust the certificate of {endpoint}, though this machine does; give "
            "the file of its authority with --ca-cert"
        )
    return None


def shake_hands(connection: Connection, by_name: bool = True) -> Greeting:
    """Shake hands as gRPC does, and wait for the first byte after it.

    Args:
        connection: to the server.
        by_name: whether its certificate must be made out to its name.

    Raises:
        OSError: nobody answers, or an ssl.SSLError, which says what is wrong.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = by_name
    context.set_alpn_protocols(["h2"])
    if connection.ca_cert is not None:
        context.load_verify_locations(connection.ca_cert)
    else:
        context.load_default_certs()
    if connection.client_cert is not None:
        context.load_cert_chain(connection.client_cert, connection.client_key)
    host, port = host_and_port(connection.endpoint)
    with (
        socket.create_connection((host, port), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=connection.server_name or host) as secure,
    ):
        protocol, certificate = secure.selected_alpn_protocol(), secure.getpeercert() or {}
        names = [str(pair[1]) for pair in certificate.get("subjectAltName", ())]
        return Greeting(protocol, names, protocol != "h2" or _says_more(secure))


def _says_more(secure: ssl.SSLSocket) -> bool:
    try:
        return secure.recv(1) != b""
    except ConnectionError:  # hung up on, with what we said unread
        return False


def distrusted(error: ssl.SSLCertVerificationError, connection: Connection) -> str:
    """What is wrong with the server's certificate."""
    host = connection.server_name or host_and_port(connection.endpoint)[0]
    about = f"the certificate of the server at {connection.endpoint}"
    if error.verify_code in (HOST_DIFFERS, ADDRESS_DIFFERS):
        try:
            names = shake_hands(connection, by_name=False).names
        except OSError:
            names = []
        made_out = ", ".join(names[:10]) or "other names"
        return f"{about} is made out to {made_out}, not to {host}; use such a name in --endpoint"
    if error.verify_code == EXPIRED:
        return f"{about} has expired, or one that signed it; have it renewed"
    if error.verify_code == NOT_YET_VALID:
        return f"{about} is not valid yet; see the clocks of both machines"
    if connection.ca_cert is None:
        return (
            f"{about} is signed by an authority that is not known here ({error.verify_message}); "
            "give the file of that authority with --ca-cert"
        )
    return (
        f"{about} is not signed by --ca-cert {connection.ca_cert} ({error.verify_message}); give "
        "the file of the authority that signed it"
    )


def broken_off(reason: str, connection: Connection) -> str | None:
    """What to do where the server ends the handshake, or speaks no TLS.

    Args:
        reason: OpenSSL's: the server's alert where it sent one.
        connection: to the server.
    """
    endpoint, mine = connection.endpoint, connection.client_cert
    if "ALERT" not in reason and (reason != HUNG_UP or speaks_plain_grpc(endpoint)):
        return no_tls(endpoint)
    said = reason.partition("ALERT_")[2].replace("_", " ").lower() or "without a word"
    if mine is not None:
        return (
            f"the server at {endpoint} refuses --client-cert {mine} ({said}); give one that is "
            "signed by an authority that the server trusts, or see its log"
        )
    if "certificate" in said or "handshake failure" in said or reason == HUNG_UP:
        return (
            f"the server at {endpoint} ends the handshake ({said}), as one that asks for a "
            "certificate of the client; give it with --client-cert and --client-key"
        )
    return f"the server at {endpoint} ends the TLS handshake ({said}); see its log"


def no_tls(endpoint: str) -> str:
    """What to do where TLS is asked for, but not spoken."""
    return f"the server at {endpoint} speaks no TLS; leave out --tls and the certificates"
