"""How far the answers of a served model are from those of its reference, by group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.compare.runs import Run
from audit.repeat import gap
from fairness.arrays import BoolArray, FloatArray
from fairness.attributes import ALL, OVERALL
from fairness.groups import Grouping
from fairness.mask_names import MEAN, metric_of
from fairness.tasks.binary import SCORE


@dataclass(frozen=True)
class Apart:
    """How far the answers about one group are from those of the reference."""

    attribute: str
    group: str
    n: int
    unusable: int
    """Answers that are no probability, such as NaN where float16 overflowed."""
    largest: float | None
    """None where no answer is usable."""
    mean: float | None
    flips: int | None
    """None where a model makes no decision at a threshold."""


def usable_answers(run: Run) -> BoolArray:
    """Samples (n,) whose score is a probability; all of them where masks were scored."""
    scores = run.answered.values.get(SCORE)
    if scores is None:
        return np.ones(len(run.answered.cases), dtype=bool)
    return np.asarray((scores >= 0) & (scores <= 1))  # NaN is neither


def distances(
    reference: Run, served: Run, usable: BoolArray, groupings: Sequence[Grouping]
) -> list[Apart]:
    """Overall, and of every group whose counts may be shown."""
    old, new = (run.answered.values for run in (reference, served))
    names = [name for name in old if name in new and is_compared(name)]
    apart: FloatArray = np.max([gap(old[name], new[name]) for name in names], axis=0)
    apart = np.where(np.isinf(apart), 1.0, apart)  # a Dice that only one side has
    flipped: BoolArray | None = None
    if served.threshold is not None:
        flipped = (old[SCORE] >= served.threshold) != (new[SCORE] >= served.threshold)
    everybody = np.ones(len(apart), dtype=bool)
    sets: list[tuple[str, str, BoolArray]] = [(OVERALL, ALL, everybody)]
    for grouping in groupings:
        kept_back = (grouping.hidden or frozenset()) | grouping.withheld
        for code, group in enumerate(grouping.attribute.groups):
            inside = grouping.codes == code
            if inside.any() and group not in kept_back:
                sets.append((grouping.attribute.name, group, inside))
    found = []
    for attribute, group, inside in sets:
        good = inside & usable
        there = apart[good]
        found.append(
            Apart(
                attribute,
                group,
                int(inside.sum()),
                int(inside.sum() - good.sum()),
                float(there.max()) if len(there) else None,
                float(there.mean()) if len(there) else None,
                None if flipped is None else int(flipped[good].sum()),
            )
        )
    return found


def is_compared(name: str) -> bool:
    """Whether a value has the unit of the tolerance: a score, or a Dice coefficient."""
    return name in (SCORE, MEAN) or metric_of(name)[1] == "dice"


def spread_of(run: Run) -> float:
    """Largest minus smallest of the values that are compared; of the widest of several."""
    widths = [float(np.nanmax(v) - np.nanmin(v)) for v in compared_values(run) if any_number(v)]
    return max(widths, default=0.0)


def compared_values(run: Run) -> list[FloatArray]:
    """Those of a run's values that have the unit of the tolerance."""
    return [values for name, values in run.answered.values.items() if is_compared(name)]


def any_number(values: FloatArray) -> bool:
    """Whether a value is defined for any sample."""
    return bool((~np.isnan(values)).any())
