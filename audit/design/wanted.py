"""Which numbers the rules of a policy need, and a binary classifier measured in those alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.design.design import Design
from audit.policy.known_names import check_rules
from audit.policy.policy import Policy
from fairness.arrays import FloatArray, IntArray
from fairness.errors import UsageError
from fairness.groups import Grouping
from fairness.mask_scores import mask_measures
from fairness.metrics import classification
from fairness.metrics.classification import SHARES
from fairness.statistics.binary import AMONG, COUNTED, METRICS, SUMMARIES, BinaryScores
from fairness.statistics.delong import influence, variance_of
from fairness.statistics.measures import Measures, Summary

PLANNED = (*SHARES, "auc")
"""Numbers of a classifier that a design decides: no scale of the scores is stated."""

THRESHOLD = 0.0
"""From which on a simulated case is predicted positive."""

AUC = [metric.name for metric in METRICS].index("auc")


@dataclass(frozen=True)
class Wanted:
    """What is computed in each draw, and no more."""

    metrics: frozenset[str]
    """Of groups, those behind numbers over groups among them."""
    summaries: tuple[Summary, ...]
    pairs: frozenset[str]
    """Metrics whose pairs of groups a rule looks at."""
    attributes: frozenset[str]
    overall: bool
    """Whether a rule speaks of the whole split."""


@dataclass(frozen=True)
class WantedScores(BinaryScores):
    """The same numbers as `BinaryScores`, NaN where no rule needs them."""

    wanted: frozenset[str] = frozenset()

    def values(self, rows: IntArray) -> FloatArray:
        """(M,) in the order of `METRICS`."""
        table = self._table(rows).sum(1)
        found = np.full(len(METRICS), np.nan)
        for m in self.shares:
            counted, among = table @ COUNTED[m], table @ AMONG[m]
            found[m] = counted / among if among else np.nan
        if "auc" in self.wanted:
            found[AUC] = classification.auc(self.positive[rows], self.score[rows])
        return found

    def precision(self, rows: IntArray, units: IntArray) -> tuple[FloatArray, FloatArray]:
        """(M,) variances of the wanted numbers, by patient; (M,) patients in denominators.

        Every case is a patient of its own.
        """
        found, patients = np.full(len(METRICS), np.nan), np.full(len(METRICS), float(len(rows)))
        value, table = self.values(rows), self._table(rows).sum(1)
        for m in self.shares:
            patients[m] = among = table @ AMONG[m]
            if among > 1:
                found[m] = value[m] * (1 - value[m]) / (among - 1)
        if "auc" in self.wanted:
            y = self.positive[rows]
            found[AUC] = variance_of(influence(y, self.score[rows])[1], y, units)
        return found, patients

    @cached_property
    def shares(self) -> list[int]:
        """Places of the wanted shares among the metrics."""
        return [m for m, name in enumerate(SHARES) if name in self.wanted]


def wanted_by(policy: Policy, summaries: Sequence[Summary]) -> Wanted:
    """What the rules of a policy need.

    Args:
        policy: checked by `check_planned`.
        summaries: all numbers over groups that there are.
    """
    named = {rule.metric for rule in policy.rules if rule.scope == "gap"}
    over = tuple(summary for summary in summaries if summary.name in named)
    behind = {metric for summary in over for metric in summary.metrics}
    return Wanted(
        metrics=frozenset(behind | {rule.metric for rule in policy.rules if rule.scope != "gap"}),
        summaries=over,
        pairs=frozenset(rule.metric for rule in policy.rules if rule.scope == "pairs"),
        attributes=frozenset(rule.attribute for rule in policy.rules if rule.attribute),
        overall=any(rule.attribute is None for rule in policy.rules),
    )


def check_planned(
    policy: Policy, design: Design, measures: Measures, groupings: Sequence[Grouping]
) -> None:
    """Refuse rules on numbers that the design does not decide.

    Raises:
        UsageError: there is one.
    """
    where = f"policy '{policy.name}'"
    for rule in policy.rules:
        if rule.change or rule.label is not None:
            raise UsageError(
                f"{where}: {rule.metric}: neither changes nor single labels can be planned; plan "
                "with a policy of the other rules"
            )
    of_all: Mapping[str, Sequence[Measures]] = {"": [measures]}
    check_rules(policy, of_all, groupings, with_baseline=False)
    if design.of_masks:
        return
    stated = all(g.tpr is not None or g.fpr is not None for g in design.groups)
    for summary in wanted_by(policy, SUMMARIES).metrics:
        if summary not in PLANNED:
            raise UsageError(
                f"{where}: {summary} depends on the scale of the scores, which no design states; "
                "plan with a policy of the other rules"
            )
        if summary not in ("auc", "prevalence") and not stated:
            raise UsageError(
                f"{where}: {summary} depends on the threshold; state tpr or fpr of every group"
            )


def wanted_of(policy: Policy, design: Design) -> Wanted:
    """What a policy needs of a design, checked by `check_planned`."""
    if not design.of_masks:
        return wanted_by(policy, SUMMARIES)
    columns = {name: np.array([spread.mean]) for name, spread in design.groups[0].scores.items()}
    return wanted_by(policy, mask_measures(columns).summaries)
