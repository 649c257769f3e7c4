"""Flags that several commands share."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import tyro

from fairness.errors import UsageError


def names_in(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


CommaNames: TypeAlias = Annotated[
    tuple[str, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="A,B",
        instance_from_str=lambda words: names_in(words[0]),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda names: [",".join(names)],
    ),
]
"""Names separated by commas, as one word."""

Words: TypeAlias = Annotated[tuple[CommaNames, ...], tyro.conf.UseAppendAction]
"""Names separated by commas, by a flag that may come several times."""


@dataclass(frozen=True)
class MapRule:
    """In one column, one text that stands for another."""

    column: str
    old: str
    new: str


def rules_in(text: str) -> tuple[MapRule, ...]:
    """The rules of `sex:F=Female,sex:M=Male`; one that holds a comma is put into double quotes.

    The column ends at the first colon, the old text at the last equals sign.

    Raises:
        UsageError: a part is no such rule.
    """
    rules = []
    for part in next(csv.reader([text], skipinitialspace=True), []):
        column, colon, change = part.partition(":")
        old, equals, new = change.rpartition("=")
        if not (column.strip() and colon and equals and new.strip()):
            raise UsageError(f"--map: '{part}' is not COLUMN:OLD=NEW, as in sex:F=Female")
        rules.append(MapRule(column.strip(), " ".join(old.split()), " ".join(new.split())))
    return tuple(rules)


MapRules: TypeAlias = Annotated[
    tuple[
        Annotated[
            tuple[MapRule, ...],
            tyro.constructors.PrimitiveConstructorSpec(
                nargs=1,
                metavar="COLUMN:OLD=NEW,...",
                instance_from_str=lambda words: rules_in(words[0]),
                is_instance=lambda value: isinstance(value, tuple),
                str_from_instance=lambda rules: [
                    ",".join(f"{r.column}:{r.old}={r.new}" for r in rules)
                ],
            ),
        ],
        ...,
    ],
    tyro.conf.UseAppendAction,
]
"""Rules as one word, by a flag that may come several times."""

Source: TypeAlias = Annotated[Path, tyro.conf.arg(name="from", metavar="FILE")]
"""A file of predictions."""
