"""The structures that a mask may hold: its classes, and unions of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

BACKGROUND = "background"
MOST = 32
"""Structures of a model, and as many unions: each has a dozen numbers in a report."""
WORD = re.compile(r"[^\W_][\w-]{0,39}")
"""A name of a structure, which becomes part of names of numbers and columns."""
RESERVED = ("mean", "es")
"""Names that other numbers begin with: `mean_dice`, `es_rim_dice`."""


def is_name(name: str) -> bool:
    """Whether a structure may be called so."""
    return WORD.fullmatch(name) is not None and name.split("_")[0] not in RESERVED


@dataclass(frozen=True)
class Structures:
    """What a class mask (uint8) means: 0 is background, k the k-th name."""

    names: tuple[str, ...]
    """Of the classes 1, 2, ..."""
    unions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Name of a union, and the structures that it consists of."""
    background: str = BACKGROUND

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes 0, 1, 2, ..."""
        return (self.background, *self.names)

    @cached_property
    def parts(self) -> Mapping[str, tuple[int, ...]]:
        """The classes that each structure, then each union, consists of."""
        code = {name: i for i, name in enumerate(self.names, start=1)}
        unions = {name: tuple(code[part] for part in parts) for name, parts in self.unions}
        return {name: (i,) for name, i in code.items()} | unions

    @property
    def is_eye(self) -> bool:
        """Whether they are rim and cup, so that there is a cup-to-disc ratio."""
        return set(self.names) == {"rim", "cup"}

    def listed(self) -> str:
        """`0 background, 1 rim, 2 cup`."""
        return ", ".join(f"{code} {name}" for code, name in enumerate(self.classes))


EYE = Structures(("rim", "cup"), (("disc", ("rim", "cup")),))
"""Of an optic nerve head."""


def structures_of(
    classes: Sequence[str], unions: Mapping[str, Sequence[str]] | None = None
) -> Structures:
    """The structures of a model.

    Args:
        classes: names of the classes 0, 1, ...; the first is the background.
        unions: name to structures; None: the disc, where they are rim and cup, else none.

    Raises:
        ValueError: a name cannot be that of a number, is there twice, or unknown; says which.
    """
    names = tuple(classes[1:])
    if unions is None:
        unions = dict(EYE.unions) if set(names) == set(EYE.names) else {}
    if not 1 <= len(names) <= MOST or len(unions) > MOST:
        raise ValueError(
            f"{len(names)} structures beside the background, {len(unions)} unions: there may be 1 "
            f"to {MOST} structures, and up to {MOST} unions"
        )
    if BACKGROUND in names:
        raise ValueError("'background' is not the first of the classes, class 0")
    every = (*names, *unions)
    if twice := [name for name in every if every.count(name) > 1]:
        raise ValueError(f"'{twice[0]}' is there twice")
    for name in every:
        if not is_name(name):
            raise ValueError(
                f"'{name[:50]}' cannot be part of the names of numbers; use letters, digits, _ and "
                f"-, up to 40, and not {' or '.join(f'{word}_' for word in RESERVED)} in front"
            )
    for name, parts in unions.items():
        if len(set(parts)) < max(2, len(parts)) or not set(parts) <= set(names):
            raise ValueError(
                f"'{name}' is a union of {', '.join(parts) or 'nothing'}; name two or more of "
                f"{', '.join(names)}"
            )
    parts_of = tuple((name, tuple(parts)) for name, parts in unions.items())
    return Structures(names, parts_of, classes[0])
