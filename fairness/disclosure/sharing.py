"""Numbers as they may be shared: none of a hidden group, rounded ones of a withheld group.

Rounded numbers give counts away, too. Of the 11 counts within 5 of the true one there remain, at
two decimals, 10 for a share of 300 cases with its limits, 6 of 100, 2 of 50; at one decimal 11 of
100, 10 of 50. Shares of both classes together tell how many are positive: of 1,000 people, half of
them positive, 6 of 11 counts remain at two decimals, 10 if those in `MIXED` have one (simulated).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from fairness.attributes import ALL, UNKNOWN_LABEL
from fairness.disclosure.rounding import Numbers, coarse, without_numbers
from fairness.disclosure.sizes import ALTOGETHER, FEW, FEW_OF_A_CLASS, IN_STRATA, WITHHELD, Sizes
from fairness.groups import Grouping
from fairness.outcomes import Contrast, Row
from fairness.statistics.measures import Measures
from fairness.statistics.unmoved import METHOD as UNMOVED

DIGITS = 2
MANY = 300
"""Cases from which on a share of a withheld group is shown to two decimals, not to one."""
MIXED = ("prevalence", "accuracy", "positive_predictive_value", "negative_predictive_value")
"""Shares that are shown to one decimal; the share selected is needed for gaps, and keeps two."""


@dataclass(frozen=True)
class Sharing:
    """What may be shown of the groups of one grouping."""

    grouping: Grouping
    texts: Mapping[str, str]
    """What a report says of a reason."""
    digits: Mapping[str, int]
    """Decimals of each metric, and of each number over groups, where counts are withheld."""
    alpha: float
    """Error that intervals allow."""
    over_groups: frozenset[str]
    """Numbers that stand under `all` but are made of the groups' numbers alone."""

    def row(self, row: Row) -> Row:
        """The row without what must not be shown."""
        row = self._without_unknown(row)
        why = self.grouping.reasons.get(row.group)
        of_groups = row.group == ALL and row.metric in self.over_groups and why != ALTOGETHER
        kept = row.group in self.grouping.withheld and not of_groups
        if kept or (of_groups and self.rounded):
            row = coarse(row, self.digits[row.metric], self.alpha)
        if why is None:
            return row
        if not kept and not of_groups:
            row = replace(without_numbers(row), method=None, reason=self.texts[why])
        of_unknown = row.group != ALL and row.group not in self.grouping.attribute.groups
        n = row.n if of_unknown and why in (FEW, FEW_OF_A_CLASS) else None
        return replace(row, n=n, n_positive=None, suppressed=why)

    def contrast(self, contrast: Contrast) -> Contrast | None:
        """The contrast, rounded where counts are withheld; None if one of its groups is hidden."""
        if {contrast.group_a, contrast.group_b} & (self.grouping.hidden or frozenset()):
            return None
        contrast = self._without_unknown(contrast)
        if not self.rounded:
            return contrast
        return coarse(contrast, self.digits[contrast.metric], self.alpha)

    def change(self, change: Contrast) -> Contrast:
        """The change of one group, rounded or without numbers as its rows are."""
        shown = self.contrast(change)
        if shown is None:
            reason = self.texts[self.grouping.reasons[change.group_a]]
            return replace(without_numbers(change), reason=reason, method=None)
        if self.rounded and change.method == UNMOVED:  # its width follows from the count alone
            return coarse(change, DIGITS - 1, self.alpha)
        return shown

    @property
    def rounded(self) -> bool:
        """Whether some group is shown without counts."""
        return bool(self.grouping.withheld & set(self.grouping.attribute.groups))

    def _without_unknown(self, numbers: Numbers) -> Numbers:
        """The same without worst cases over the unknown, if their number is not shown."""
        if self.grouping.reasons.get(UNKNOWN_LABEL) in (None, FEW, FEW_OF_A_CLASS):
            return numbers
        return replace(numbers, unknown_low=None, unknown_high=None)


def sharing(grouping: Grouping, measures: Measures, sizes: Sizes, alpha: float) -> Sharing:
    """What may be shown of the groups of a judged grouping."""
    texts = {
        FEW: f"fewer than {sizes.least} people",
        FEW_OF_A_CLASS: f"fewer than {sizes.least_of_class} positives or negatives",
        WITHHELD: "withheld for another group's sake, whose counts would follow from it",
        ALTOGETHER: "withheld: too few people to show any group of this attribute",
        IN_STRATA: IN_STRATA,
    }
    digits = {m.name: DIGITS - 1 if m.name in MIXED else DIGITS for m in measures.metrics}
    groups = (*grouping.attribute.groups, ALL)
    for name in grouping.withheld & set(groups):
        inside = grouping.codes >= 0 if name == ALL else grouping.codes == groups.index(name)
        cases = measures.among(np.flatnonzero(inside)).sum(axis=1)
        for metric, number in zip(measures.metrics, cases, strict=True):
            if metric.kind == "share" and number < MANY:
                digits[metric.name] = DIGITS - 1
    for summary in measures.summaries:
        digits[summary.name] = min(digits[metric] for metric in summary.metrics)
    over_groups = {s.name for s in measures.summaries if s.kind != "equity_scaled"}
    if ALL not in grouping.reasons:
        over_groups |= {s.name for s in measures.summaries}
    return Sharing(grouping, texts, digits, alpha, frozenset(over_groups))
