"""The printed rows whose counts a reader can add and subtract, and what a reader knows of each."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.disclosure.joint import Factor
from fairness.disclosure.sizes import FEW, FEW_OF_A_CLASS, LARGE, WITHHELD, Sizes
from fairness.groups import OUTSIDE, Grouping

COST_OF_LARGE = 20.0
"""Of withholding the counts of a large group, whose numbers stay; of others it is their people."""
COST_OF_ALL = 15.0
"""Of leaving out the row `all`: the groups are still compared."""
COST_OF_UNKNOWN = 100.0
"""Of withholding how many are unknown, which tells how much the report cannot speak of."""
WEIGHT_OF_ATTRIBUTE = 3.0
"""A group of an attribute is left out later than one of crossed attributes or inside a stratum."""
ROOM = 5
"""Whole numbers of people that must remain possible for a small count."""


@dataclass(frozen=True)
class Table:
    """One printed grouping, as a function of its factors."""

    grouping: Grouping
    factors: tuple[int, ...]
    code: IntArray
    """The grouping's code of every combination of levels, one axis a factor."""
    shows_unknown: bool = True
    """Whether the row of the unknown is printed; inside strata it is not."""


@dataclass(frozen=True)
class Cell:
    """One printed row. C is the number of classes: negatives and positives, or all samples."""

    name: str
    table: Table
    chosen: BoolArray
    """Combinations of the levels of the table's factors that belong to it."""
    counts: FloatArray
    """(C,) samples of each class."""
    small: str | None
    """Why it is too small to be shown: `FEW` or `FEW_OF_A_CLASS`."""
    said: str
    """Why its counts are not shown, if they are not; without any of a class, that those are few."""
    large: bool
    cost: float
    """Of withholding its counts."""
    told: bool
    """Whether its row says anything: why it is hidden, if not its counts."""
    room: FloatArray
    """(C + 1,) width of the range of samples in which `ROOM` whole numbers of people lie; or less,
    where the limits of the settings are so low that a hidden count is one of fewer numbers."""
    least: FloatArray
    """(C + 1,) what its samples cannot be fewer than, by class and together, if they are hidden."""
    most: FloatArray
    """(C + 1,) what they cannot be more than."""


def table_of(
    grouping: Grouping, factors: Sequence[Factor], places: tuple[int, ...], stratum: int | None
) -> Table:
    """The table of an attribute, of crossed ones, or of an attribute inside one stratum.

    `places` are its factors; with a `stratum`, the second of them is the control and the grouping
    its level `stratum`.
    """
    sizes = tuple(factors[f].levels for f in places)
    code = np.full(sizes, UNKNOWN)
    for levels in itertools.product(*map(range, sizes)):
        if stratum is None:
            if all(k < n for k, n in zip(levels, grouping.factors, strict=True)):
                code[levels] = np.ravel_multi_index(levels, grouping.factors)
        elif levels[1] != stratum:
            code[levels] = OUTSIDE
        elif levels[0] < len(grouping.attribute.groups):
            code[levels] = levels[0]
    return Table(grouping, places, code, shows_unknown=stratum is None)


def cells_of(table: Table, sizes: Sizes, told: bool) -> list[Cell]:
    """The rows of a table; `told` whether they say anything at all."""
    codes = table.grouping.codes
    rows = [
        (name, codes == code, table.code == code)
        for code, name in enumerate(table.grouping.attribute.groups)
    ]
    rows.append((ALL, codes >= 0, table.code >= 0))
    if table.shows_unknown:
        rows.append((UNKNOWN_LABEL, codes == UNKNOWN, table.code == UNKNOWN))
    cells = [cell_of(name, table, chosen, inside, sizes) for name, inside, chosen in rows]
    return cells if told else [untold(cell) for cell in cells]


def untold(cell: Cell) -> Cell:
    """The cell if a reader knows nothing of it."""
    return replace(
        cell, told=False, least=np.zeros_like(cell.least), most=np.full_like(cell.most, np.inf)
    )


def cell_of(name: str, table: Table, chosen: BoolArray, inside: BoolArray, sizes: Sizes) -> Cell:
    """One row, with what a reader knows of its counts if they are hidden."""
    counts = np.array([(inside & of_class).sum() for of_class in sizes.classes], dtype=np.float64)
    people = [sizes.people(inside & of_class) for of_class in sizes.classes]
    everybody, repeats = sizes.people(inside), sizes.repeats(inside)
    small, large, said = sizes.few(inside), everybody >= LARGE, WITHHELD
    if sizes.labels is not None and everybody and min(people) == 0 and sizes.least_of_class > 0:
        said = WITHHELD if large else FEW_OF_A_CLASS
    cost = COST_OF_LARGE if large else float(everybody)
    cost *= WEIGHT_OF_ATTRIBUTE if len(table.factors) == 1 else 1.0
    if name == ALL:
        cost = COST_OF_ALL
    if name == UNKNOWN_LABEL:
        small, said, cost = None, WITHHELD, COST_OF_UNKNOWN
        least, most = np.zeros(len(counts) + 1), np.full(len(counts) + 1, np.inf)
        least[-1] = min(1.0, everybody)
    else:
        few = np.array([number < sizes.least_of_class for number in people])
        least, most = limits(counts, few, small or said, large, repeats, sizes)
    if name in sizes.told.get(table.grouping.attribute.name, ()):
        least[-1] = most[-1] = counts.sum()
    return Cell(
        name=name,
        table=table,
        chosen=chosen,
        counts=counts,
        small=small,
        said=small or said,
        large=large,
        cost=cost,
        told=True,
        room=np.minimum(ROOM * repeats - 1.0, most - least),
        least=least,
        most=most if everybody else np.zeros_like(most),
    )


def limits(
    counts: FloatArray, few: BoolArray, said: str, large: bool, repeats: int, sizes: Sizes
) -> tuple[FloatArray, FloatArray]:
    """(C + 1,) least and most samples of each class, and together, that a hidden row can have.

    The reader is taken to know more than is printed: the largest number of samples of one person
    (`repeats`), and which classes are `few` (C,).
    """
    total, lowest = float(counts.sum()), np.zeros_like(counts)
    # One person alone is taken for one or two, so that nothing else of them follows either.
    most_few, most_of_class = (
        float(max(least - 1, 2) * repeats) for least in (sizes.least, sizes.least_of_class)
    )
    fewest = min(total, float(max((LARGE if large else sizes.least) * repeats, 1)))
    if said == FEW:
        return np.append(lowest, 1.0), np.append(np.full_like(counts, most_few), most_few)
    if said == FEW_OF_A_CLASS:
        return np.append(lowest, fewest), np.append(np.where(few, most_of_class, np.inf), np.inf)
    lowest = np.minimum(counts, float(sizes.least_of_class * repeats))
    highest = np.inf if large else max(total, LARGE - 1.0)
    return np.append(lowest, fewest), np.append(np.where(counts, np.inf, 0.0), highest)
