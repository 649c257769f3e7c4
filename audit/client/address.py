"""The address of a server: what it must look like, and who listens there."""

import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from fairness.errors import UsageError

SECONDS = 2.0
"""For each look at who listens."""

DNS = "dns:///"
"""Before a host name that may stand for several servers, as gRPC writes it."""

HOST = r"([^\s:/\[\]@?#]+|\[[0-9A-Fa-f:.]+\])"
ADDRESS = re.compile(rf"{HOST}:([0-9]{{1,5}})")
REST = re.compile(rf"{HOST}(?::([0-9]{{1,5}}))?((?:/[A-Za-z0-9._~-]+)*)")


@dataclass(frozen=True)
class RestUrl:
    """Parts of `http://HOST:PORT/PREFIX`."""

    host: str
    port: int
    prefix: str
    """Before every path, such as `/models/ward-3`, or nothing."""
    secure: bool


def check_address(endpoint: str) -> None:
    """Refuse an address that is neither `HOST:PORT` of gRPC nor `http://HOST:PORT` of REST.

    Raises:
        UsageError: another scheme stands before it, or there is no host or no port.
    """
    if rest_url(endpoint) is not None:
        return
    scheme, mark, rest = endpoint.removeprefix(DNS).rpartition("://")
    if mark:
        raise UsageError(
            f"--endpoint {endpoint}: a gRPC address has no '{scheme}://' before it; give HOST:PORT "
            f"alone, as {rest.partition('/')[0] or 'localhost:8001'}, and --tls where TLS is "
            "spoken; or http://HOST:PORT of a REST port"
        )
    found = ADDRESS.fullmatch(endpoint.removeprefix(DNS))
    if found is None or not 0 < int(found[2]) < 2**16:
        raise UsageError(
            f"--endpoint {endpoint!r}: give HOST:PORT of gRPC, as localhost:8001, or "
            "http://HOST:PORT of REST"
        )


def addresses_in(endpoint: str) -> list[str]:
    """The addresses of a flag that may name several servers, separated by commas.

    Raises:
        UsageError: one is empty, or there twice.
    """
    found = [address.strip() for address in endpoint.split(",")]
    if not all(found) and len(found) > 1:
        raise UsageError(f"--endpoint {endpoint}: an address between the commas is missing")
    if twice := [address for address in found if found.count(address) > 1]:
        raise UsageError(f"--endpoint {endpoint}: {twice[0]} is there twice; give it once")
    return found


def rest_url(endpoint: str) -> RestUrl | None:
    """The parts of an address of REST; None where gRPC is meant.

    Raises:
        UsageError: there is no host, or something stands there that is none of its parts.
    """
    scheme, mark, rest = endpoint.partition("://")
    if not mark or scheme not in ("http", "https"):
        return None
    found = REST.fullmatch(rest.removesuffix("/").removesuffix("/v2"))
    default = 443 if scheme == "https" else 80
    if found is None or not 0 < int(found[2] or default) < 2**16:
        raise UsageError(
            f"--endpoint {endpoint!r}: give {scheme}://HOST:PORT of REST, as http://localhost:8000"
        )
    port = int(found[2] or default)
    return RestUrl(found[1].strip("[]"), port, found[3] or "", scheme == "https")


def proxy_for(endpoint: str, environment: Mapping[str, str]) -> str | None:
    """The variable that sends gRPC to `endpoint` through a proxy, in the order of gRPC's core.

    REST goes through none.
    """
    if rest_url(endpoint) is not None:
        return None
    host, _ = host_and_port(endpoint)
    direct = environment.get("no_grpc_proxy") or environment.get("no_proxy") or ""
    if any(name and host.endswith(name) for name in map(str.strip, direct.split(","))):
        return None
    names = ("grpc_proxy", "https_proxy", "http_proxy")
    return next((name for name in names if environment.get(name)), None)


def host_and_port(endpoint: str) -> tuple[str, int]:
    """Of `HOST:PORT`, `[IPV6]:PORT` or an address of REST."""
    url = rest_url(endpoint)
    if url is not None:
        return url.host, url.port
    host, _, port = endpoint.removeprefix(DNS).rpartition(":")
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
