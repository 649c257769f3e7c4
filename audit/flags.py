"""Flags that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import tyro


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

Source: TypeAlias = Annotated[Path, tyro.conf.arg(name="from", metavar="FILE")]
"""A file of predictions."""
