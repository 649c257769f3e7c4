"""The address of a server: what it must look like, and who listens there."""

import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping

from fairness.errors import UsageError

SECONDS = 2.0
"""For each look at who listens."""

ADDRESS = re.compile(r"([^\s:/\[\]]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")


def check_address(endpoint: str) -> None:
    """Refuse an address that is not `HOST:PORT`.

    Raises:
        UsageError: a scheme stands before it, or there is no host or no port.
    """
    scheme, mark, rest = endpoint.rpartition("://")
    if mark:
        raise UsageError(
            f"--endpoint {endpoint}: a gRPC address has no '{scheme}://' before it; give HOST:PORT "
            f"alone, as {rest.partition('/')[0] or 'localhost:8001'}, and --tls where TLS is spoken"
        )
    found = ADDRESS.fullmatch(endpoint)
    if found is None or not 0 < int(found[2]) < 2**16:
        raise UsageError(f"--endpoint {endpoint!r}: give HOST:PORT of Triton, as localhost:8001")


def proxy_for(endpoint: str, environment: Mapping[str, str]) -> str | None:
    """The variable that sends gRPC to `endpoint` through a proxy, in the order of gRPC's core."""
    host, _ = host_and_port(endpoint)
    direct = environment.get("no_grpc_proxy") or environment.get("no_proxy") or ""
    if any(name and host.endswith(name) for name in map(str.strip, direct.split(","))):
        return None
    names = ("grpc_proxy", "https_proxy", "http_proxy")
    return next((name for name in names if environment.get(name)), None)


def host_and_port(endpoint: str) -> tuple[str, int]:
    """Of `HOST:PORT` or `[IPV6]:PORT`."""
    host, _, port = endpoint.rpartition(":")
    return host.strip("[]"), int(port)


def is_this_machine(endpoint: str) -> bool:
    """Whether an address is one of the loopback."""
    host, _ = host_and_port(endpoint)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def speaks_tls(endpoint: str) -> bool:
    """Whether a TLS handshake succeeds, or is refused in TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # nothing is sent: the question is only who listens
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with socket.create_connection(host_and_port(endpoint), SECONDS) as plain:
            context.wrap_socket(plain).close()
        return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False


def speaks_http(endpoint: str) -> bool:
    """Whether a request in HTTP/1.1 is answered in it."""
    try:
        with socket.create_connection(host_and_port(endpoint), SECONDS) as plain:
            plain.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: triton\r\n\r\n")
            return plain.recv(16).startswith(b"HTTP/1")
    except OSError:
        return False


def speaks_plain_grpc(endpoint: str) -> bool:
    """Whether the preface of HTTP/2 is answered by settings, as HTTP/2 without TLS does."""
    try:
        with socket.create_connection(host_and_port(endpoint), SECONDS) as plain:
            plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
            return plain.recv(9)[3:5] == b"\x04\x00"
    except OSError:
        return False
