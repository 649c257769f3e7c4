"""Headers that go with every call; their values are secrets, which nothing shows."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairness.errors import UsageError

FLAG = "--header"
FORM = f"{FLAG} 'authorization: Bearer env:TOKEN'"
"""What an error shows as an example."""

NAME = re.compile(r"[a-z0-9_.-]{1,100}")
"""Of gRPC's metadata."""

RESERVED = ("connection", "content-length", "content-type", "host", "te", "user-agent")
"""The transport sets these itself."""

ELSEWHERE = re.compile(r"(?:(\S+) +)?(env|file):(.+)")
"""A value that stands in a variable or a file, perhaps after a word such as `Bearer`."""

LOOSE = re.compile(r"(--[\w-]+=)?[\w.-]*(auth|cookie|key|secret|token)[\w.-]*:\s", re.IGNORECASE)
"""Begins a word of a command line that looks like a header with a secret."""

MOST_BYTES = 2**14
"""Of a value; gRPC's servers take 8 to 16 KiB of all headers together."""

LEAST_HIDDEN = 5
"""Characters of what is hidden in texts; a shorter word would be found everywhere in them."""


class Secret:
    """A text that shows itself to nobody but who asks for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def hidden_in(self, text: str) -> str:
        """Another text without this one, and without its last word: the token after `Bearer`."""
        for part in (self._text, self._text.rpartition(" ")[2]):
            if len(part) >= LEAST_HIDDEN:
                text = text.replace(part, repr(self))
        return text


@dataclass(frozen=True)
class Header:
    """One header."""

    name: str
    """In lower case."""
    value: Secret


def header_in(text: str) -> Header:
    """The header of `NAME: VALUE`, with a value from a variable or a file where it names one.

    Raises:
        UsageError: it is none, its name is not allowed, or variable or file are absent, empty or no
            printable ASCII. The error never shows a value.
    """
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip(" \t")
    if not colon or not value or not NAME.fullmatch(name):
        raise UsageError(f"{FLAG}: give a name, a colon and a value in one pair of quotes: {FORM}")
    if name.startswith("grpc-") or name in RESERVED:
        raise UsageError(f"{FLAG} {name}: gRPC sets it itself; leave it out")
    if name.endswith("-bin"):
        raise UsageError(f"{FLAG} {name}: names in -bin are for bytes; headers are text")
    found = ELSEWHERE.fullmatch(value)
    if found is not None:
        scheme, kind, place = found.groups()
        read = from_variable(name, place) if kind == "env" else from_file(name, Path(place))
        value = f"{scheme} {read}" if scheme else read
    if len(value) > MOST_BYTES or not value.isascii() or not value.isprintable():
        raise UsageError(
            f"{FLAG} {name}: its value is not one line of printable ASCII of at most {MOST_BYTES} "
            "characters"
        )
    return Header(name, Secret(value))


def from_variable(name: str, variable: str) -> str:
    """Value of a header from the environment; errors as `header_in`."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(f"{FLAG} {name}: the variable {variable} is not set, or empty; export it")
    return value


def from_file(name: str, path: Path) -> str:
    """Value of a header from a file, without the line break at its end; errors as `header_in`."""
    try:
        with path.open("rb") as file:
            value = file.read(MOST_BYTES + 1).decode("ascii", "replace").strip()
    except OSError as error:
        raise UsageError(f"{FLAG} {name}: {path}: {error.strerror}; name another file") from None
    if not value:
        raise UsageError(f"{FLAG} {name}: {path} is empty")
    return value


def refuse_loose_headers(arguments: Sequence[str]) -> None:
    """Refuse words of a command line that may be part of a header, but are not one after its flag.

    Whoever reads the other flags repeats words that it does not know: a token among them.

    Raises:
        UsageError: a header without quotes, or after a flag that is misspelt.
    """
    before = ""
    for word in arguments:
        if before == FLAG:
            header_in(word)
        elif LOOSE.match(word) and not word.startswith(f"{FLAG}="):
            raise UsageError(f"a header stands where no {FLAG} comes before it: {FORM}")
        before = word
