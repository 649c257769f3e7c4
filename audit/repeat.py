"""Whether a served model answers alike: alone, in full batches, in mixed ones, and under load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audit.flipped import ALTOGETHER, flipped
from audit.plan import Plan
from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.attributes import ALL, OVERALL
from fairness.datasets.stream import batches
from fairness.errors import DataError
from fairness.evaluate import Predict, readings
from fairness.groups import Grouping
from fairness.samples import cut

ALONE = "alone"
LOAD = 16
"""Batches in flight at once under load."""


@dataclass(frozen=True)
class Way:
    """One way of sending the same samples."""

    name: str
    cuts: Sequence[IntArray]
    """Row numbers of each batch."""
    in_flight: int


@dataclass(frozen=True)
class Difference:
    """How far the answers to some samples are from those that they got alone."""

    way: str
    attribute: str
    group: str
    n: int | None
    """None where so few people must not be counted."""
    largest: float
    """Of any number that is read from an answer: a score, a Dice coefficient, ..."""
    mean: float
    flips: int | None
    """Decisions that differ, of all labels; None where a model makes none, or where n is None."""


def chosen_rows(plan: Plan, n: int, seed: int) -> IntArray:
    """Up to `n` rows of the split, drawn once, in ascending order."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(plan.split))[:n]
    return np.sort(rows)


def ways_of_sending(plan: Plan, rows: IntArray, seed: int) -> list[Way]:
    """Alone; in full batches; in shuffled batches; and shuffled again with many in flight."""
    rng = np.random.default_rng(seed)

    def batched(order: IntArray) -> list[IntArray]:
        shapes = [plan.split.shapes[row] for row in order]
        return [order[part] for part in cut(shapes, plan.model.batch_size)]

    return [
        Way(ALONE, [rows[i : i + 1] for i in range(len(rows))], 1),
        Way("full batches", batched(rows), 1),
        Way("shuffled batches", batched(rng.permutation(rows)), 1),
        Way(f"{LOAD} shuffled batches at once", batched(rng.permutation(rows)), LOAD),
    ]


def answers(plan: Plan, way: Way, predict: Predict) -> Mapping[str, FloatArray]:
    """Numbers read from the answers, by name, in ascending order of the samples' ids.

    Raises:
        DataError: a sample could not be read.
    """
    parts = list(readings(batches(plan.split, way.cuts), predict, plan.task.read))
    ids = [id_ for part in parts for id_ in part.ids]
    if len(ids) != sum(map(len, way.cuts)):
        raise DataError("a sample could not be read; mend its file, or choose others with --seed")
    order = sorted(range(len(ids)), key=ids.__getitem__)
    names = plan.task.value_names
    return {name: np.concatenate([part.values[name] for part in parts])[order] for name in names}


def differences(
    plan: Plan,
    way: str,
    alone: Mapping[str, FloatArray],
    found: Mapping[str, FloatArray],
    groupings: Sequence[Grouping],
    *,
    few: bool = False,
) -> list[Difference]:
    """Overall, and of every group that may be shown.

    Args:
        plan: of the audit.
        way: its name.
        alone: numbers (n,) of the samples asked alone.
        found: the same of this way.
        groupings: of the same samples, judged.
        few: whether all of them are of too few people to be counted.
    """
    apart = np.max([gap(alone[name], found[name]) for name in alone], axis=0)
    turned = flipped(plan.task, alone, found).get(ALTOGETHER)
    sets: list[tuple[str, str, BoolArray]] = [(OVERALL, ALL, np.ones(len(apart), dtype=bool))]
    for grouping in groupings:
        untold = (grouping.hidden or frozenset()) | grouping.withheld  # their counts, too
        for code, group in enumerate(grouping.attribute.groups):
            inside = grouping.codes == code
            if inside.any() and group not in untold:
                sets.append((grouping.attribute.name, group, inside))
    return [
        Difference(
            way,
            attribute,
            group,
            None if few else int(inside.sum()),
            float(apart[inside].max()),
            float(apart[inside].mean()),
            None if few or turned is None else int(turned[inside].sum()),
        )
        for attribute, group, inside in sets
    ]


def gap(one: FloatArray, other: FloatArray) -> FloatArray:
    """Absolute differences (n,); 0 where both are undefined, 1 where one of them is."""
    undefined = np.isnan(one) != np.isnan(other)
    return np.where(undefined, 1.0, np.nan_to_num(np.abs(one - other), nan=0.0))
