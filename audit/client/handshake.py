"""Why a TLS handshake fails: gRPC says only that it does, so it is tried once more by hand."""

import socket
import ssl

from audit.client.address import SECONDS, host_and_port, speaks_plain_grpc
from audit.client.connection import Connection

HANDSHAKE = ("handshake", "certificate", "ssl", "tls")
"""Words of gRPC's message where a handshake failed."""

NOT_YET_VALID, EXPIRED, HOST_DIFFERS, ADDRESS_DIFFERS = 9, 10, 62, 64
"""OpenSSL's codes (x509_vfy.h) for what is wrong with a certificate."""


def fault_of_handshake(connection: Connection, message: str) -> str | None:
    """What is wrong with TLS between us and a server, and what to do; None where nothing is.

    Args:
        connection: to the server, with TLS.
        message: gRPC's.
    """
    endpoint, host = connection.endpoint, host_and_port(connection.endpoint)[0]
    try:
        protocol, _ = shake_hands(connection)
    except ssl.SSLCertVerificationError as error:
        return distrusted(error, connection)
    except ssl.SSLError as error:
        return refused(error.reason or "", connection)
    except OSError:
        return no_tls(endpoint) if speaks_plain_grpc(endpoint) else None
    if protocol != "h2":
        return (
            f"{endpoint} speaks TLS, but no HTTP/2, so no gRPC; give the gRPC port in --endpoint "
            "(8001 by default)"
        )
    if connection.ca_cert is None and any(word in message.lower() for word in HANDSHAKE):
        return (
            f"gRPC does not trust the certificate of {host}, though this machine does; give the "
            "file of its authority with --ca-cert"
        )
    return None


def shake_hands(connection: Connection, by_name: bool = True) -> tuple[str | None, list[str]]:
    """The protocol that the server chose, and the names in its certificate.

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
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        protocol, certificate = secure.selected_alpn_protocol(), secure.getpeercert() or {}
        if protocol == "h2":
            secure.recv(1)  # by TLS 1.3 a server refuses our certificate only now
    return protocol, [str(pair[1]) for pair in certificate.get("subjectAltName", ())]


def distrusted(error: ssl.SSLCertVerificationError, connection: Connection) -> str:
    """What is wrong with the server's certificate."""
    host = host_and_port(connection.endpoint)[0]
    about = f"the certificate of the server at {connection.endpoint}"
    if error.verify_code in (HOST_DIFFERS, ADDRESS_DIFFERS):
        try:
            _, names = shake_hands(connection, by_name=False)
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


def refused(reason: str, connection: Connection) -> str | None:
    """What the server's alert says, or that it speaks no TLS."""
    endpoint = connection.endpoint
    if "ALERT" not in reason:
        return no_tls(endpoint)
    said = reason.partition("ALERT_")[2].replace("_", " ").lower()
    if connection.client_cert is not None:
        return (
            f"the server at {endpoint} refuses --client-cert {connection.client_cert} ({said}); "
            "give one that is signed by an authority that the server trusts"
        )
    if "certificate" in said or "handshake failure" in said:
        return (
            f"the server at {endpoint} asks for a certificate of the client ({said}); give it with "
            "--client-cert and --client-key"
        )
    return f"the server at {endpoint} breaks off the TLS handshake ({said}); see its log"


def no_tls(endpoint: str) -> str:
    """What to do where TLS is asked for, but not spoken."""
    return f"the server at {endpoint} speaks no TLS; leave out --tls and the certificates"
