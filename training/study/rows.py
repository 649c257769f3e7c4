"""The runs of each row of a table as numbers over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairness.arrays import FloatArray
from training.study.evaluated import Evaluated, read_evaluated, same_split
from training.study.over_seeds import (
    Spread,
    differences,
    replicates_of,
    same_samples,
    spreads,
    weights_of,
)
from training.study.plan import Row


@dataclass(frozen=True)
class Line:
    """A printed row: a model, or how two of them differ."""

    label: str
    spreads: dict[str, Spread]
    """By `dpd`, `deodds`, `auc`, `es_auc`, `auc:GROUP`, `rate`."""
    evaluated: tuple[Evaluated, ...] = ()
    """Its runs; none of a difference."""


@dataclass(frozen=True)
class Block:
    """The rows of one attribute of a table."""

    attribute: str
    groups: tuple[tuple[str, int | None, int | None], ...]
    """Name, samples and positives of each group of the test split; None where not shown."""
    lines: tuple[Line, ...]


def block_of(attribute: str, rows: Sequence[Row], runs: Path) -> Block:
    """All rows of an attribute, each fair model followed by its difference from the plain one.

    Args:
        attribute: of the block.
        rows: of it.
        runs: folder of all runs.

    Raises:
        DataError: an audit is damaged, or runs were audited on different samples.
    """
    found = {row.label: [read_evaluated(runs / run.folder) for run in row.runs] for row in rows}
    every = [one for of_row in found.values() for one in of_row]
    same_split(every)
    first = every[0]
    groups = first.groups(attribute)
    numbers = {label: [one.numbers(attribute) for one in ones] for label, ones in found.items()}
    replicates, patients = moved(attribute, groups, found)
    lines = []
    for row in rows:
        here, of_row = numbers[row.label], replicates[row.label]
        lines.append(Line(row.label, spreads(here, of_row, patients), tuple(found[row.label])))
        if row.against:
            both = (here, numbers[row.against])
            changed = differences(both, (of_row, replicates[row.against]), patients)
            lines.append(Line(f"{row.label} − {row.against}", changed))  # noqa: RUF001  # a minus
    counts = tuple((group, *first.count(attribute, group)) for group in groups)
    return Block(attribute, counts, tuple(lines))


def moved(
    attribute: str, groups: list[str], found: dict[str, list[Evaluated]]
) -> tuple[dict[str, list[dict[str, FloatArray]]], int]:
    """Replicates of every run by row, under the same weights of the patients; their number."""
    samples = {label: [one.samples(attribute) for one in of_row] for label, of_row in found.items()}
    every = [one for of_row in samples.values() for one in of_row]
    same_samples(every)
    weights = weights_of(every[0])
    replicates = {
        label: [
            replicates_of(scored, one.threshold, groups, set(one.numbers(attribute)), weights)
            for scored, one in zip(samples[label], of_row, strict=True)
        ]
        for label, of_row in found.items()
    }
    return replicates, int(every[0].units.max()) + 1
