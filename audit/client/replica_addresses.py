"""Which servers `--endpoint` means: those that it names, and those that a host name stands for."""

import ipaddress
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace

from audit.client.address import DNS, host_and_port, proxy_for, rest_url
from audit.client.connection import Connection

FLAG = "--endpoint"


def with_one_endpoint(words: Sequence[str]) -> list[str]:
    """A command line in which the addresses of several `--endpoint` stand in the first of them."""
    kept: list[str] = []
    addresses: list[str] = []
    place, waiting = 0, iter(words)
    for word in waiting:
        flag, equals, value = word.partition("=")
        if flag != FLAG:
            kept.append(word)
            continue
        given = value if equals else next(waiting, None)
        if given is None:  # whoever reads the flags says that a value is missing
            return list(words)
        place = place if addresses else len(kept)
        addresses.append(given)
    if len(addresses) < 2:
        return list(words)
    return [*kept[:place], FLAG, ",".join(addresses), *kept[place:]]


def servers_of(connection: Connection, tell: Callable[[str], None]) -> tuple[Connection, ...]:
    """A connection to each server of an address, or of several; host names are looked up once.

    A name of several addresses stands for as many servers, whose certificates are made out to it.
    One that is not known, or has one address, is left to gRPC.

    Args:
        connection: of the flags.
        tell: is told in a line what a name stands for.
    """
    found: list[Connection] = []
    for one in connection.each():
        several = looked_up(one.endpoint)
        if len(several) < 2:
            found.append(replace(one, endpoint=one.endpoint.removeprefix(DNS)))
            continue
        host, _ = host_and_port(one.endpoint)
        tell(f"{host} stands for {len(several)} servers: {', '.join(several)}")
        found += [replace(one, endpoint=address, server_name=host) for address in several]
    return tuple(found)


def looked_up(endpoint: str) -> list[str]:
    """`ADDRESS:PORT` of all that a name stands for; none where it is no name that we look up.

    Addresses of IPv6 count where there are none of IPv4: most names have one of each for the same
    server. What goes through a proxy is looked up by that, and REST asks one server.
    """
    if rest_url(endpoint) is not None or proxy_for(endpoint, os.environ) is not None:
        return []
    host, port = host_and_port(endpoint)
    try:
        ipaddress.ip_address(host)
        return []
    except ValueError:
        pass
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    of = {
        family: sorted({str(where[0]) for kind, *_, where in answers if kind == family})
        for family in (socket.AF_INET, socket.AF_INET6)
    }
    if fours := of[socket.AF_INET]:
        return [f"{address}:{port}" for address in fours]
    return [f"[{address}]:{port}" for address in of[socket.AF_INET6]]
