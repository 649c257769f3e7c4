"""Whether a served model answers as a reference does, and which group it fails.

Three kinds of checks, each overall and by group: scores and flips, which are facts about these
samples, and changes of a group's numbers, whose whole joint interval must lie within the limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from audit.compare.comparison import Comparison, compared
from audit.compare.runs import Run, taken
from audit.options import AnalysisOptions
from audit.plan_analysis import groupings_of
from audit.repeat import gap
from fairness.arrays import BoolArray, FloatArray
from fairness.attributes import ALL, OVERALL
from fairness.disclosure.sizes import sizes_of
from fairness.errors import DataError
from fairness.groups import Grouping
from fairness.mask_names import MEAN, metric_of
from fairness.outcomes import Contrast
from fairness.suppression import protected
from fairness.tasks.binary import SCORE

SCHEMA_VERSION = 1
OF_SCORES = ("auc", "selection_rate", "true_positive_rate", "false_positive_rate")
"""Of a classifier, the numbers whose changes are judged where no others are named."""

Verdict: TypeAlias = Literal["PASS", "FAIL", "INCONCLUSIVE"]


@dataclass(frozen=True)
class Tolerances:
    """How far the served model may be from the reference."""

    score: float
    """Largest difference of a score, or of a Dice coefficient of a case."""
    flips: float
    """Share of the decisions of a group, 0 to 1."""
    change: float
    """Of a number of a group."""
    metrics: tuple[str, ...] = ()
    """Numbers whose changes are judged; none: those of the kind of model."""


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


@dataclass(frozen=True)
class Check:
    """One number of one group against what is allowed."""

    attribute: str
    group: str
    what: str
    """`answers`, `score`, `flips`, or the metric that changed."""
    value: float
    low: float | None
    high: float | None
    limit: float
    verdict: Verdict


@dataclass(frozen=True)
class Parity:
    """A served model against a reference: aggregates only, may be shared."""

    comparison: Comparison
    apart: tuple[Apart, ...]
    checks: tuple[Check, ...]
    tolerances: Tolerances

    @property
    def verdict(self) -> Verdict:
        """FAIL where any check fails, else INCONCLUSIVE where any is, else PASS."""
        found = {check.verdict for check in self.checks}
        worst: tuple[Verdict, ...] = ("FAIL", "INCONCLUSIVE", "PASS")
        return next(verdict for verdict in worst if verdict in found)

    def document(self) -> dict[str, Any]:
        """What parity.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict,
            "tolerances": asdict(self.tolerances),
            "apart": [asdict(one) for one in self.apart],
            "checks": [asdict(one) for one in self.checks],
            "comparison": self.comparison.document(),
        }


def parity_of(
    reference: Run, served: Run, options: AnalysisOptions, tolerances: Tolerances
) -> Parity:
    """Hold a served model against a reference that answered the same samples in the same order.

    Args:
        reference: all of its answers are usable.
        served: a score may be NaN or no probability; such samples fail a check of their own and
            are left out of the comparison.
        options: groupings and statistics.
        tolerances: what is allowed.

    Raises:
        DataError: no answer of the served model is usable.
    """
    cases, labels = served.answered.cases, served.answered.labels
    groupings = protected(*groupings_of(cases, options), sizes_of(cases, labels, options.settings))
    usable = usable_answers(served)
    if not usable.any():
        raise DataError(f"{served.name}: not one of its {len(usable)} answers is a probability")
    apart = distances(reference, served, usable, groupings)
    kept = np.flatnonzero(usable)
    left = len(usable) - len(kept)
    note = f"{left} samples are left out, whose served answer is no probability" if left else ""
    pair = (
        (reference, served)
        if not left
        else tuple(replace(run, answered=taken(run.answered, kept)) for run in (reference, served))
    )
    comparison = compared(pair[0], pair[1], options, note)
    checks = [*checks_of_answers(apart, tolerances)]
    checks += checks_of_changes(comparison.changes, apart, tolerances)
    return Parity(comparison, tuple(apart), tuple(checks), tolerances)


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


def checks_of_answers(apart: Sequence[Apart], tolerances: Tolerances) -> list[Check]:
    """Unusable answers, scores and flips: facts about these samples, without an interval."""
    found = []

    def check(one: Apart, what: str, value: float, limit: float) -> None:
        verdict: Verdict = "PASS" if value <= limit else "FAIL"
        found.append(Check(one.attribute, one.group, what, value, None, None, limit, verdict))

    for one in apart:
        if one.unusable:
            check(one, "answers", one.unusable / one.n, 0.0)
        if one.largest is not None:
            check(one, "score", one.largest, tolerances.score)
        if one.flips is not None and one.n > one.unusable:
            check(one, "flips", one.flips / (one.n - one.unusable), tolerances.flips)
    return found


def checks_of_changes(
    changes: Sequence[Contrast], apart: Sequence[Apart], tolerances: Tolerances
) -> list[Check]:
    """The joint interval of each change: within the limit, wholly beyond it, or neither."""
    same = {(one.attribute, one.group) for one in apart if one.largest == 0}
    judged: Callable[[str], bool] = (
        (lambda metric: metric in tolerances.metrics)
        if tolerances.metrics
        else (lambda metric: metric in OF_SCORES or is_compared(metric))
    )
    found = []
    for one in changes:
        if one.value is None or not judged(one.metric):
            continue
        unmoved = (one.attribute, one.group_a) in same
        verdict = verdict_of(one, tolerances.change, unmoved=unmoved)
        limits = (one.low_adjusted, one.high_adjusted)
        place = (one.attribute, one.group_a, one.metric, one.value)
        found.append(Check(*place, *limits, tolerances.change, verdict))
    return found


def verdict_of(change: Contrast, limit: float, *, unmoved: bool) -> Verdict:
    """What the joint interval of a change says.

    Args:
        change: with a value.
        limit: of its size.
        unmoved: whether every answer is equal, so that a mean needs no interval.
    """
    low, high = change.low_adjusted, change.high_adjusted
    if low is None or high is None:
        return "PASS" if unmoved else "INCONCLUSIVE"
    if -limit <= low and high <= limit:
        return "PASS"
    return "FAIL" if low > limit or high < -limit else "INCONCLUSIVE"
