"""How a server is reached: address, TLS, certificates, headers. Flags that commands share."""

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from audit.client.address import addresses_in, check_address, is_this_machine, proxy_for, rest_url
from audit.client.headers import FLAG, Header, header_in
from fairness.errors import UsageError

Headers: TypeAlias = Annotated[
    tuple[
        Annotated[
            Header,
            tyro.constructors.PrimitiveConstructorSpec(
                nargs=1,
                metavar="'NAME: VALUE'",
                instance_from_str=lambda words: header_in(words[0]),
                is_instance=lambda value: isinstance(value, Header),
                str_from_instance=lambda header: [f"{header.name}: {header.value}"],
            ),
        ],
        ...,
    ],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(name="header"),
]


Way: TypeAlias = Literal["auto", "shm", "cuda", "grpc"]
"""How images go to a server of gRPC: through memory of this machine or of its GPU, as bytes, or as
pays."""


@dataclass(frozen=True)
class Connection:
    """Flags that say how the server is reached."""

    endpoint: str = "localhost:8001"
    """Address of a server of the Open Inference Protocol (Triton, MLServer, KServe, ...): HOST:PORT
    of gRPC, or http://HOST:PORT, https://HOST:PORT of REST, which is slower. An audit may share its
    work among several that serve the same model: A,B, or the flag several times, or a host name
    that stands for several, as dns:///HOST:PORT."""
    tls: bool = False
    """Speak TLS. The certificates that gRPC trusts count, unless --ca-cert is given."""
    ca_cert: Path | None = None
    """PEM file of the authorities that may have signed the server's certificate; implies --tls."""
    client_cert: Path | None = None
    """PEM file of our certificate, for a server that asks for one (mTLS); implies --tls."""
    client_key: Path | None = None
    """PEM file of its key, without a password."""
    headers: Headers = ()
    """Goes with every call and is never shown: 'authorization: Bearer env:TOKEN' takes the value
    from a variable, 'authorization: Bearer file:/run/secrets/token' from a file."""
    headers_in_clear: bool = False
    """Send headers without TLS to another machine, as where a service mesh encrypts."""
    server_name: tyro.conf.Suppress[str] = ""
    """Of the server's certificate, where the endpoint is one address of several of a name."""

    def __post_init__(self) -> None:
        """Raises UsageError where the flags make no sense together, or would give a token away."""
        if len(self.each()) > 1:  # each of them was checked when it was made
            return
        check_address(self.endpoint)
        if (self.client_cert is None) != (self.client_key is None):
            there, absent = ("cert", "key") if self.client_cert else ("key", "cert")
            raise UsageError(f"--client-{there} goes with its --client-{absent}; name that too")
        url = rest_url(self.endpoint)
        if url is not None and not url.secure and self.secure:
            raise UsageError(
                f"--endpoint {self.endpoint}: http:// is without TLS; give https://, or leave out "
                "--tls and the certificates"
            )
        names = [header.name for header in self.headers]
        if twice := [name for name in names if names.count(name) > 1]:
            raise UsageError(f"{FLAG} {twice[0]} is there twice; give it once")
        proxy = None if self.server_name else proxy_for(self.endpoint, os.environ)
        near = is_this_machine(self.endpoint) and proxy is None
        if names and not (self.secure or near or self.headers_in_clear):
            way = f"through the proxy of ${proxy}" if proxy else "over the network"
            raise UsageError(
                f"{FLAG} {names[0]} would go to {self.endpoint} unencrypted, {way}; add --tls, or "
                "--headers-in-clear where something else encrypts, such as a service mesh"
            )

    def each(self) -> tuple["Connection", ...]:
        """A connection to each address that the endpoint names.

        Raises:
            UsageError: as where it is the only one; one is missing, or there twice.
        """
        addresses = addresses_in(self.endpoint)
        if len(addresses) == 1:
            return (self,)
        return tuple(replace(self, endpoint=address) for address in addresses)

    @property
    def by_rest(self) -> bool:
        """Whether any of its servers is asked over REST."""
        return any(rest_url(address) is not None for address in addresses_in(self.endpoint))

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        url = rest_url(self.endpoint)
        asked = self.tls or self.ca_cert is not None or self.client_cert is not None
        return asked or (url is not None and url.secure)

    def hide(self, text: str) -> str:
        """A text of the server's without the values of our headers, which it may repeat."""
        for header in self.headers:
            text = header.value.hidden_in(text)
        return text

    def flags(self) -> str:
        """Flags that reach the same server, or the first, for a command to show; without values."""
        paths = {
            "--ca-cert": self.ca_cert,
            "--client-cert": self.client_cert,
            "--client-key": self.client_key,
        }
        words = ["--endpoint", self.each()[0].endpoint, *(["--tls"] if self.tls else [])]
        for flag, path in paths.items():
            words += [flag, str(path)] if path is not None else []
        for header in self.headers:
            words += [FLAG, f"{header.name}: ..."]
        words += ["--headers-in-clear"] if self.headers_in_clear else []
        return shlex.join(words)
