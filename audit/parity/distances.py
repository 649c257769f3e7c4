"""How far the answers of a served model are from those of its reference, by label and group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from audit.compare.runs import Run
from audit.flipped import ALTOGETHER, flipped
from audit.repeat import gap
from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.attributes import ALL, OVERALL
from fairness.groups import Grouping
from fairness.mask_names import MEAN, metric_of
from fairness.tasks.binary import SCORE
from fairness.tasks.multilabel import MultilabelTask
from fairness.tasks.one_label import SCORED, score_names


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
    """Decisions that differ; None where a model makes none."""
    decisions: int | None
    """That were made of usable answers: one a sample, of all labels together one a label, too."""
    label: str = field(default="", kw_only=True)
    """One of several labels or classes; empty where there is one, or all are meant."""


@dataclass(frozen=True)
class Distance:
    """All samples (n,) in one label, or in all of them."""

    apart: FloatArray
    usable: BoolArray
    flipped: IntArray | None
    asked: int
    """Decisions about one sample."""


def usable_answers(run: Run) -> dict[str, BoolArray]:
    """Samples (n,) whose scores are probabilities: all of them, then that of each label or class.

    An answer that is none for one class says nothing of the others. Of masks all are usable.
    """
    scores = {
        name: (values >= 0) & (values <= 1)  # NaN is neither
        for name, values in run.answered.values.items()
        if name == SCORE or (name.startswith(SCORED) and run.task.names)
    }
    every = np.ones(len(run.answered.cases), dtype=bool)
    for good in scores.values():
        every = every & good
    single = isinstance(run.task, MultilabelTask)
    of_labels = zip(run.task.names, score_names(run.task.names), strict=True)
    return {ALTOGETHER: every} | {
        label: scores[name] if single else every for label, name in of_labels
    }


def distances(
    reference: Run,
    served: Run,
    usable: Mapping[str, BoolArray],
    groupings: Sequence[Grouping],
) -> list[Apart]:
    """Overall, and of every group whose counts may be shown; all labels together, then each."""
    sets: list[tuple[str, str, BoolArray]] = [
        (OVERALL, ALL, np.ones(len(served.answered.cases), dtype=bool))
    ]
    for grouping in groupings:
        kept_back = (grouping.hidden or frozenset()) | grouping.withheld
        for code, group in enumerate(grouping.attribute.groups):
            inside = grouping.codes == code
            if inside.any() and group not in kept_back:
                sets.append((grouping.attribute.name, group, inside))
    return [
        apart_in(one, label, *place)
        for label, one in by_label(reference, served, usable).items()
        for place in sets
    ]


def by_label(reference: Run, served: Run, usable: Mapping[str, BoolArray]) -> dict[str, Distance]:
    """Distances of all samples: by the value that differs most, then in each label or class."""
    old, new = (run.answered.values for run in (reference, served))
    turned = flipped(served.task, old, new)
    together = [name for name in old if name in new and is_compared(name)]
    labels = served.task.names
    of_labels = {label: [name] for label, name in zip(labels, score_names(labels), strict=True)}
    found = {}
    for label, names in {ALTOGETHER: together, **of_labels}.items():
        apart: FloatArray = np.max([gap(old[name], new[name]) for name in names], axis=0)
        apart = np.where(np.isinf(apart), 1.0, apart)  # a Dice that only one side has
        several = label == ALTOGETHER and isinstance(served.task, MultilabelTask)
        asked = len(labels) if several else 1
        found[label] = Distance(apart, usable[label], turned.get(label), asked)
    return found


def apart_in(one: Distance, label: str, attribute: str, group: str, inside: BoolArray) -> Apart:
    """Of the samples inside (n,)."""
    good = inside & one.usable
    there, number = one.apart[good], int(good.sum())
    return Apart(
        attribute,
        group,
        int(inside.sum()),
        int(inside.sum()) - number,
        float(there.max()) if number else None,
        float(there.mean()) if number else None,
        None if one.flipped is None else int(one.flipped[good].sum()),
        None if one.flipped is None else number * one.asked,
        label=label,
    )


def is_compared(name: str) -> bool:
    """Whether a value has the unit of the tolerance: a score, or a Dice coefficient."""
    return name in (SCORE, MEAN) or name.startswith(SCORED) or metric_of(name)[1] == "dice"


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
