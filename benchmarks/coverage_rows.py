"""Flags that tables of coverage share: how many simulations, and which rows.

Rows have seeds of their own, so that several processes can share a table.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import TypeVar

World = TypeVar("World")


def parsed(doc: str, simulations: int) -> argparse.ArgumentParser:
    """A parser of `--simulations` and `--rows`, to which others may be added.

    Args:
        doc: of the module; its first line is shown by `--help`.
        simulations: of each row, where the flag is left out.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=simulations, help="of each row")
    parser.add_argument("--rows", type=int, nargs="+", help="these alone, counted from 1")
    return parser


def chosen(worlds: Sequence[World], rows: Sequence[int] | None) -> Iterator[tuple[int, World]]:
    """Rows that are asked for, each with its place from 0."""
    for k, world in enumerate(worlds):
        if rows is None or k + 1 in rows:
            yield k, world
