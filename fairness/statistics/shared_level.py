"""The error of one number at which many numbers err together in 5 % of samples: min-P, max-T.

Numbers of overlapping groups, such as an AUC by race and by sex, rest on the same people, and move
together. One bootstrap of the people, shared by all of them, shows their correlations; normal
values with these correlations are drawn, each number's p is read off its own distribution, and the
smallest p of all is below the wanted error in 5 % of the draws (Westfall and Young 1993, section
2.3). A number whose replicates are undefined or constant is drawn independently of all others,
which can only make the error smaller (Sidak, JASA 1967).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.bootstrap import DEFINED, Replicates
from fairness.statistics.measures import Measures
from fairness.statistics.sampled import sample
from fairness.statistics.settings import Settings

DRAWS = 20_000
ROUNDING = 1e-6
"""Replicates, in float32, that move less do not move."""


@dataclass(frozen=True)
class Held:
    """What is held to a margin: one number of one set of cases, or the differences of several."""

    metrics: tuple[str, ...]
    sets: tuple[IntArray, ...]
    """Index of the cases of each set; none where the number has no replicates of its own."""


def smallest_p(
    measures: Measures, units: IntArray, held: Sequence[Held], settings: Settings, seed: int = 0
) -> FloatArray:
    """(DRAWS,) smallest p of the numbers, where each is as its sample says.

    Args:
        measures: of n cases.
        units: (n,) their patients.
        held: the numbers, which all rest on these cases.
        settings: their replicates are those of the bootstrap.
        seed: beside that of the settings, for numbers of other cases.
    """
    rng = np.random.default_rng([settings.seed, seed, len(held)])
    found = np.ones(DRAWS)
    sets = unique_sets(held)
    metrics = dict.fromkeys(m for one in held for m in one.metrics) if sets else {}
    replicates = standardised(measures, units, sets, metrics, settings)
    cells = [(metric, k) for metric in replicates for k in range(len(sets))]
    place = {cell: i for i, cell in enumerate(cells)}
    together = np.concatenate([scores for scores, _ in replicates.values()]) if cells else None
    spread = np.concatenate([sd for _, sd in replicates.values()]) if cells else np.zeros(0)
    drawn = correlated(together, rng) if together is not None else np.zeros((0, DRAWS))
    number_of = {rows.tobytes(): k for k, rows in enumerate(sets)}
    for one in held:
        at = [
            [place[metric, number_of[rows.tobytes()]] for rows in one.sets]
            for metric in one.metrics
        ]
        p = p_of(drawn, spread, at)
        np.minimum(found, rng.random(DRAWS) if p is None else p, out=found)
    return found


def shared_error(smallest: Sequence[FloatArray], number: int, confidence: float) -> float:
    """The error of one number, from draws of the smallest p of independent parts.

    Not below that of Bonferroni for so many numbers, nor above that of a single one.
    """
    together = np.min(smallest, axis=0)
    wrong = 1 - confidence
    return float(np.clip(np.quantile(together, wrong), wrong / number, wrong))


def unique_sets(held: Sequence[Held]) -> list[IntArray]:
    """Every set of cases, once."""
    return list({rows.tobytes(): rows for one in held for rows in one.sets}.values())


def standardised(
    measures: Measures,
    units: IntArray,
    sets: Sequence[IntArray],
    metrics: Collection[str],
    settings: Settings,
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Of each metric (C, R) replicates, mean 0 and standard deviation 1, and (C,) the latter.

    All metrics have the same draws of the people. The deviation is 0 where there are none.
    """
    if not metrics:
        return {}
    drawn = sample(measures, sets, units, settings, np.zeros_like(units), only=metrics)
    names = [one.name for one in measures.metrics]
    return {m: _standardised(drawn.replicates[:, names.index(m)]) for m in metrics}


def _standardised(drawn: Replicates) -> tuple[FloatArray, FloatArray]:
    replicates = drawn.astype(np.float64)
    defined = np.isfinite(replicates)
    enough = defined.mean(1) >= DEFINED
    count = np.maximum(defined.sum(1), 1)
    mean = np.where(defined, replicates, 0.0).sum(1) / count
    moved = np.where(defined, replicates - mean[:, None], 0.0)
    deviation = np.sqrt((moved**2).sum(1) / count)
    good = enough & (deviation > ROUNDING)
    scores = np.divide(moved, deviation[:, None], out=np.zeros_like(moved), where=good[:, None])
    return scores, np.where(good, deviation, 0.0)


def correlated(scores: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(C, DRAWS) normal values with the correlations of the replicates (C, R)."""
    together = scores @ scores.T / scores.shape[1]
    size, turned = np.linalg.eigh(together)
    found: FloatArray = (turned * np.sqrt(np.maximum(size, 0.0))) @ rng.standard_normal(
        (len(scores), DRAWS)
    )
    return found


def p_of(drawn: FloatArray, spread: FloatArray, at: Sequence[Sequence[int]]) -> FloatArray | None:
    """(DRAWS,) p of one number in every draw; None where it cannot be told from the draws.

    `at` are the places of its sets, metric by metric; of several sets, the largest difference.
    """
    if not at or not at[0] or any(spread[k] == 0 for places in at for k in places):
        return None
    if len(at) == 1 and len(at[0]) == 1:
        return np.asarray(2 * ndtr(-np.abs(drawn[at[0][0]])))
    largest = np.zeros(DRAWS)
    for places in at:
        moved = drawn[list(places)] * spread[list(places)][:, None]
        for i in range(len(places)):
            for j in range(i + 1, len(places)):
                apart = moved[i] - moved[j]
                deviation = apart.std()
                if deviation > ROUNDING:
                    np.maximum(largest, np.abs(apart) / deviation, out=largest)
    return np.asarray(rankdata(-largest, method="max") / (DRAWS + 1))
