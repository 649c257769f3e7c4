"""Reads `model.yaml`, and says on which of its lines a thing stands."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from fairness.documents import line_of, parse_yaml, read_text
from fairness.errors import UsageError
from fairness.foreign.contradictions import contradiction
from fairness.foreign.description import Description, Masks, Scores

GUESS = "GUESS"
"""Begins the comment of a line that was drafted, and that nobody has checked yet."""

FORMS = [
    form for kind in (Scores, Masks) for form in get_args(kind.model_fields["holds"].annotation)
]
"""Kinds of output, which pydantic puts into the place of a fault, and no line has as its key."""


@dataclass(frozen=True)
class Described:
    """A description with the file that it came from."""

    description: Description
    path: Path
    text: str

    @property
    def sha256(self) -> str:
        """Of the text of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def guesses(self) -> int:
        """Lines that are still marked as guesses."""
        return sum(f"# {GUESS}" in line for line in self.text.splitlines())

    def at(self, *keys: str) -> str:
        """`model.yaml line 7, input.layout`: where a thing stands, or what stands around it."""
        return f"{self.path} line {line_of(self.text, keys)}, {'.'.join(keys)}"


def read_model_yaml(path: Path) -> Described:
    """Read and validate a description.

    Raises:
        UsageError: it is absent, no YAML, or says something impossible; names the line.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise UsageError(f"--spec {path}: {error.strerror}; name a model.yaml") from None
    except ValueError as error:
        raise UsageError(f"--spec {path}: {error}; correct it") from None
    return described_by(text, path)


def described_by(text: str, path: Path) -> Described:
    """The description that a text is; `path` is where it stands, or will stand.

    Raises:
        UsageError: as `read_model_yaml`.
    """
    try:
        plain = parse_yaml(text)
        if switch := switch_in(plain):
            where = f"{path} line {line_of(text, switch)}, {'.'.join(map(str, switch))}"
            raise UsageError(f"--spec {where}: YAML reads this word as yes or no; put it in quotes")
        found = Description.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [key for key in first["loc"] if key not in FORMS]
        keys += ["holds"] if first["type"].startswith("union_tag") else []
        where = f"line {line_of(text, keys)}, {'.'.join(map(str, keys)) or 'the whole'}"
        raise UsageError(f"--spec {path} {where}: {first['msg']}; correct it") from None
    except ValueError as error:
        raise UsageError(f"--spec {path}: {error}; correct it") from None
    described = Described(found, path, text)
    if fault := contradiction(found):
        raise UsageError(f"--spec {described.at(*fault[0])}: {fault[1]}")
    return described


def switch_in(plain: object) -> list[str | int]:
    """Keys that lead to a yes or no, which nothing but `ordered` is; empty where there is none.

    pydantic would read it as 1 or 0.
    """
    pairs: Iterable[tuple[str | int, object]] = ()
    if isinstance(plain, dict):
        pairs = plain.items()
    elif isinstance(plain, list):
        pairs = enumerate(plain)
    for key, value in pairs:
        is_word = isinstance(value, bool) and key != "ordered"
        if is_word or isinstance(key, bool):
            return [key]
        if below := switch_in(value):
            return [key, *below]
    return []
