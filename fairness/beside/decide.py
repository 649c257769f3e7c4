"""Decision curves of groups, and how the scores of their positives and negatives are spread."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.beside.numbers import parts_of
from fairness.beside.prevalences import Prevalences
from fairness.beside.sets import CaseSet, sets_of
from fairness.beside.shown import Shown
from fairness.beside.tables import Decision, ScoreSpread
from fairness.disclosure.rounding import coarse
from fairness.disclosure.sizes import Sizes
from fairness.distributions import bins_of, percentiles_of
from fairness.groups import Grouping
from fairness.statistics.binary import BinaryScores
from fairness.statistics.class_parts import two_classes
from fairness.statistics.clusters import units_of
from fairness.statistics.estimates import number
from fairness.statistics.net_benefit import NetBenefit, net_benefit
from fairness.statistics.settings import Settings
from fairness.statistics.standardised import AtPrevalence
from fairness.statistics.weighted import weights_of
from fairness.tasks.measured import Measured

PERCENTS = (10.0, 25.0, 50.0, 75.0, 90.0)


def decisions(
    measured: Measured,
    scores: BinaryScores,
    groupings: Sequence[Grouping],
    thresholds: FloatArray,
    prevalences: Prevalences | None,
    settings: Settings,
) -> list[Decision]:
    """Net benefit of everybody and of every shown group at ascending thresholds.

    Neighbouring thresholds have no or enough people of each class between them, and beyond the
    last: fewer would be told by the steps of the curve.

    Args:
        measured: the cases of a binary classifier.
        scores: of them, probabilities.
        groupings: judged.
        thresholds: (T,) that are asked for.
        prevalences: where one is given for a group, its curve stands for that.
        settings: of the report.
    """
    shown = Shown.of(measured, groupings, settings)
    patients, weights = units_of(np.array(measured.cases.patients)), weights_of(scores)
    found = []
    for one in (one for sets in sets_of(groupings, shown.sizes, settings) for one in sets):
        if one.hidden:
            continue
        meant = prevalences.of(one.attribute, one.group) if prevalences else None
        units = units_of(patients[one.rows])
        score, withheld = scores.score[one.rows], shown.withheld(one)
        for t in kept(score, thresholds, shown.sizes.take(one.rows)):
            at = replace(scores, threshold=float(t))
            if meant is None:
                decided, y = score >= t, scores.positive[one.rows] == 1
                own = None if weights is None else weights[one.rows]
                numbers = net_benefit(y, decided, units, float(t), settings.quantile, own)
            else:
                numbers = net_benefit_at(at, one, units, meant, settings.quantile)
            line = decision_of(one, float(t), meant, numbers)
            found.append(coarse(line, 1, 0.0) if withheld else line)
            if withheld:
                found[-1] = replace(found[-1], threshold=float(t), prevalence=meant)
    return found


def decision_of(one: CaseSet, t: float, meant: float | None, numbers: NetBenefit) -> Decision:
    """One point of a curve."""
    value, low, high = numbers.of_model
    over, over_low, over_high = numbers.over_all
    limits = (number(x) for x in (over_low, over_high))
    return Decision(
        one.attribute,
        one.group,
        t,
        meant,
        value,
        number(low),
        number(high),
        numbers.of_all,
        over,
        *limits,
    )


def net_benefit_at(
    scores: BinaryScores, one: CaseSet, units: IntArray, prevalence: float, q: float
) -> NetBenefit:
    """At another prevalence: from the rates of both classes."""
    parts, cost = parts_of(scores, one, units), scores.threshold / (1 - scores.threshold)
    at = AtPrevalence(
        two_classes([parts[0]], [units]),
        two_classes([parts[1]], [units]),
        np.array([prevalence]),
        scores.threshold,
    )
    value = float(at.value("net_benefit")[0])
    low, high = (float(end[0]) for end in at.limits("net_benefit", q))
    of_all = prevalence - (1 - prevalence) * cost
    # Treating all is a constant where the prevalence is given.
    return NetBenefit((value, low, high), of_all, (value - of_all, low - of_all, high - of_all))


def kept(score: FloatArray, thresholds: FloatArray, sizes: Sizes) -> list[float]:
    """The thresholds, from the highest down, with nobody or enough people of each class between.

    Scores above the first and below the last of them are many or none, too.
    """
    found: list[float] = []
    above = np.inf
    for t in sorted(thresholds, reverse=True):
        between = (score >= t) & (score < above)
        if not sizes.few(between) and not sizes.few(score < t):
            found.append(float(t))
            above = t
    return found[::-1]


def spreads_of_scores(
    measured: Measured, scores: BinaryScores, groupings: Sequence[Grouping], settings: Settings
) -> list[ScoreSpread]:
    """Histogram and percentiles of the scores of each class of everybody and of every group."""
    shown, found = Shown.of(measured, groupings, settings), []
    for one in (one for sets in sets_of(groupings, shown.sizes, settings) for one in sets):
        for k, name in ((1, "positives"), (0, "negatives")):
            rows = one.rows[scores.positive[one.rows] == k]
            own = shown.sizes.take(rows)
            if one.hidden or not rows.size or own.few(own.everybody) or shown.withheld(one):
                continue
            values = scores.score[rows]
            percentiles = percentiles_of(values, own, settings.quantile, PERCENTS)
            bins = bins_of(values, own)
            found.append(ScoreSpread(one.attribute, one.group, name, len(rows), bins, percentiles))
    return found
