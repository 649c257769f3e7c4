"""Verdicts of many simulated test sets at once, of those whose verdict is clear.

A test set is left to `one_draw.py` where anything is out of the ordinary: a small group, an
undefined number, a threshold that divides nobody. The joint quantile of several pairs lies between
that of one pair and Bonferroni's; it is drawn where the verdict depends on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.special import ndtri

from audit.design.block import Block, Sets, sets_of
from audit.design.draws import Frame
from audit.policy.objections import inside
from audit.policy.policy import Policy, Rule
from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.statistics.contrasts import Pairs, limits, spread
from fairness.statistics.joint import joint_quantile, largest_draws
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings

BEYOND = 0.15
"""By how much a quantile of `joint.DRAWS` draws may lie above Bonferroni's, at the very most."""
PASS, OPEN, FAIL, UNCLEAR = range(4)
"""Codes of verdicts."""


@dataclass(frozen=True)
class Numbers:
    """The numbers that one rule looks at in each of B test sets: values and limits (K, B)."""

    value: FloatArray
    low: FloatArray
    high: FloatArray

    def verdicts(self, rule: Rule) -> IntArray:
        """(B,) codes, as `audit.policy.verdict.verdict_of` gives them."""
        lower, upper = inside(rule)
        within = (lower <= self.low) & (self.high <= upper)
        outside = (self.high < lower) | (self.low > upper)
        if rule.by == "estimate":
            within = (lower <= self.value) & (self.value <= upper)
            outside = ~within
        found = np.where(outside.any(0), FAIL, np.where(within.all(0), PASS, OPEN))
        usable = np.isfinite(self.low) & np.isfinite(self.high) & (self.low < self.high)
        return np.where(usable.all(0), found, UNCLEAR)


def can_be_clear(policy: Policy, frame: Frame, measures: Measures) -> bool:
    """Whether every rule speaks of groups, of pairs, or of a largest difference of known people."""
    kinds = {summary.name: summary.kind for summary in measures.summaries}
    for rule in policy.rules:
        if rule.scope == "gap" and kinds[rule.metric] != "difference":
            return False
        if {UNKNOWN_LABEL, ALL} & set(rule.groups or ()):
            return False
    return not any((grouping.codes == UNKNOWN).any() for grouping in frame.groupings)


def clear_verdicts(policy: Policy, block: Block, settings: Settings) -> IntArray:
    """(R, B) codes of the verdicts of each rule; UNCLEAR in every rule where one is not clear."""
    everybody = [np.arange(len(block.frame.cell))]
    columns, places = list(everybody), dict[str, IntArray]()
    for grouping in block.frame.groupings:
        groups = range(len(grouping.attribute.groups))
        places[grouping.attribute.name] = len(columns) + np.arange(len(groups))
        columns += [np.flatnonzero(grouping.codes == g) for g in groups]
    sets = sets_of(block, columns, settings)
    found = np.stack([verdicts_of(rule, block.frame, sets, places) for rule in policy.rules])
    clear = sets.ordinary & (found != UNCLEAR).all(0)
    return np.where(clear, found, UNCLEAR)


def verdicts_of(rule: Rule, frame: Frame, sets: Sets, places: dict[str, IntArray]) -> IntArray:
    """(B,) codes of the verdicts of one rule; UNCLEAR where they depend on the joint quantile."""
    names = [metric.name for metric in sets.sampled.measures.metrics]
    q = sets.sampled.settings.quantile
    if rule.attribute is None:
        return of_sets(sets, [0], names.index(rule.metric), q).verdicts(rule)
    grouping = next(g for g in frame.groupings if g.attribute.name == rule.attribute)
    of_group = dict(zip(grouping.attribute.groups, places[rule.attribute], strict=True))
    chosen = [of_group[name] for name in rule.groups or of_group]
    if rule.scope == "groups":
        return of_sets(sets, chosen, names.index(rule.metric), q).verdicts(rule)
    metrics = [rule.metric]
    if rule.scope == "gap":
        summaries = {summary.name: summary for summary in sets.sampled.measures.summaries}
        metrics = list(summaries[rule.metric].metrics)
    if len(chosen) < 2:
        return np.full(len(sets.ordinary), UNCLEAR)
    looked_at = Compared(rule, chosen, [names.index(name) for name in metrics])
    every = replace(looked_at, chosen=list(of_group.values()))
    alpha, pairs = 1 - sets.sampled.settings.confidence, len(every.differences(sets))
    if pairs == 1:
        return looked_at.verdicts(sets, np.full(len(sets.ordinary), q))
    most = float(ndtri(1 - alpha / (2 * pairs))) + BEYOND
    near, far = (looked_at.verdicts(sets, np.full(len(sets.ordinary), end)) for end in (q, most))
    open_ones = np.flatnonzero(sets.ordinary & (near != far))
    quantiles = np.full(len(sets.ordinary), most)
    quantiles[open_ones] = [every.quantile(sets, b) for b in open_ones]
    return looked_at.verdicts(sets, quantiles)


@dataclass(frozen=True)
class Compared:
    """The pairs of sets that a rule looks at."""

    rule: Rule
    chosen: Sequence[int]
    metrics: Sequence[int]

    def differences(self, sets: Sets) -> list[Pairs]:
        """The difference of every two sets in every metric, each over all test sets (B,)."""
        found = []
        for m in self.metrics:
            for a, b in combinations(self.chosen, 2):
                first, second = sets.cells(a), sets.cells(b)
                value = sets.sampled.values[first, m] - sets.sampled.values[second, m]
                none = np.zeros(len(value))
                of = np.full(len(first), m)
                found.append(Pairs(of, first, second, value, none, none, none))
        return found

    def verdicts(self, sets: Sets, q: FloatArray) -> IntArray:
        """(B,) codes, with limits at these normal quantiles (B,)."""
        pairs = self.differences(sets)
        ends = [limits(sets.sampled, pair, q) for pair in pairs]
        value = np.stack([pair.value for pair in pairs])
        numbers = Numbers(value, *(np.stack(side) for side in zip(*ends, strict=True)))
        if self.rule.scope == "gap":
            numbers = largest(numbers)
        return numbers.verdicts(self.rule)

    def quantile(self, sets: Sets, draw: int) -> float:
        """The joint quantile in one test set, as an analysis of it draws it."""
        one = np.arange(len(sets.ordinary)) == draw
        parts = [pair.take(one) for pair in self.differences(sets)]
        joined = {name: np.concatenate([vars(p)[name] for p in parts]) for name in vars(parts[0])}
        pairs, of = Pairs(**joined), sets.sampled
        spreads = [spread(of, side, pairs.metric) for side in (pairs.first, pairs.second)]
        pairs = replace(pairs, variance=spreads[0] ** 2 + spreads[1] ** 2)
        draws = largest_draws(of, pairs, self.rule.attribute or "")
        of.drawn.clear()
        return joint_quantile(draws, of.settings.confidence, of.settings.quantile)


def of_sets(sets: Sets, chosen: Sequence[int], metric: int, q: float) -> Numbers:
    """One metric of each of the sets."""
    cells = np.stack([sets.cells(place) for place in chosen])
    low, high = sets.sampled.limits(cells, np.full(cells.shape, metric), q)
    return Numbers(sets.sampled.values[cells, metric], low, high)


def largest(pairs: Numbers) -> Numbers:
    """Largest absolute difference, as `simultaneous.largest_difference` bounds it."""
    low = np.maximum(0.0, np.maximum(pairs.low.max(0), -pairs.high.min(0)))
    high = np.maximum(0.0, np.maximum(pairs.high.max(0), -pairs.low.min(0)))
    return Numbers(np.abs(pairs.value).max(0)[None], low[None], high[None])
