"""A number over seeds: mean, standard deviation, and an interval over seeds and test patients.

Two things vary at random: the training (its seed) and who is in the test split, which is the same
for all seeds. The variance of a mean over S seeds is therefore estimated as s^2 / S, s being the
sample standard deviation over the seeds, plus the bootstrap variance, over patients, of the mean
over the same S models: every replicate weighs the patients of all models alike. What depends on
both counts in either, so that the sum errs on the wide side. The interval is Student's, with the
degrees of freedom of Welch and Satterthwaite (Biometrics Bulletin 1946): S - 1 where the seeds
decide, many where the patients do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fairness.arrays import FloatArray, IntArray
from fairness.errors import DataError
from fairness.metrics import disparity
from fairness.statistics.binary import BinaryScores
from fairness.statistics.bootstrap import Replicates, Weights, resample, resampled_variance
from training.study.evaluated import Samples

REPLICATES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """A number over seeds; NaN where there is none."""

    values: FloatArray
    """(S,) of each seed."""
    mean: float
    sd: float
    """Sample standard deviation (S - 1 in the denominator)."""
    low: float
    high: float


def spread_of(values: FloatArray, replicates: FloatArray, patients: int, least: float) -> Spread:
    """Mean, deviation and interval of a number.

    Args:
        values: (S,) of each seed.
        replicates: (S, R) under weights of the patients that are the same for all seeds.
        patients: in the split.
        least: limits are cut there and at 1: 0, or -1 for a difference.
    """
    mean = float(values.mean())
    if len(values) < 2:
        return Spread(values, mean, np.nan, np.nan, np.nan)
    of_seeds = float(values.var(ddof=1)) / len(values)
    means = replicates.mean(0)[None].astype(np.float32)
    of_patients = float(resampled_variance(means, np.array([float(patients)]))[0])
    variance = of_seeds + of_patients
    freedom = [of_seeds**2 / (len(values) - 1), of_patients**2 / max(patients - 1, 1)]
    half = 0.0
    if variance > 0:
        q = stats.t.ppf((1 + CONFIDENCE) / 2, variance**2 / sum(freedom))
        half = float(q * np.sqrt(variance))
    low, high = max(mean - half, least), min(mean + half, 1.0)
    return Spread(values, mean, float(values.std(ddof=1)), low, high)


def spreads(
    numbers: Sequence[Mapping[str, float]],
    replicates: Sequence[Mapping[str, FloatArray]],
    patients: int,
) -> dict[str, Spread]:
    """Every number that all seeds have, in the order of the first one's."""
    return {
        name: spread_of(
            np.array([one[name] for one in numbers]),
            np.stack([one[name] for one in replicates]),
            patients,
            least=0.0,
        )
        for name in numbers[0]
        if all(name in one for one in numbers)
    }


def differences(
    numbers: tuple[Sequence[Mapping[str, float]], Sequence[Mapping[str, float]]],
    replicates: tuple[Sequence[Mapping[str, FloatArray]], Sequence[Mapping[str, FloatArray]]],
    patients: int,
) -> dict[str, Spread]:
    """First minus second, seed by seed and patient by patient, of what both have."""
    found = {}
    for name in numbers[0][0]:
        if all(name in one for side in numbers for one in side):
            values = [np.array([one[name] for one in side]) for side in numbers]
            moved = [np.stack([one[name] for one in side]) for side in replicates]
            found[name] = spread_of(
                values[0] - values[1], moved[0] - moved[1], patients, least=-1.0
            )
    return found


def weights_of(samples: Samples) -> Weights:
    """(n, REPLICATES) how often each sample's patient was drawn, inside its group."""
    rng = np.random.default_rng(0)
    return resample(samples.units, samples.codes, REPLICATES, rng)


def replicates_of(
    samples: Samples, threshold: float, groups: Sequence[str], shown: set[str], weights: Weights
) -> dict[str, FloatArray]:
    """(R,) replicates of the numbers of a row.

    Args:
        samples: as a run scored them.
        threshold: of its decisions.
        groups: of the attribute.
        shown: names of the numbers that the report shows: a hidden group counts nowhere.
        weights: (n, R).
    """
    scores = BinaryScores(samples.target, samples.score, threshold)

    def of(rows: IntArray) -> dict[str, Replicates]:
        asked = frozenset({"auc", "selection_rate"})
        return scores.replicator(rows, asked)(weights[rows])

    everyone = of(np.arange(len(samples.ids)))
    known = of(np.flatnonzero(samples.codes >= 0))
    counted = [c for c, group in enumerate(groups) if f"auc:{group}" in shown]
    by_group = [of(np.flatnonzero(samples.codes == c)) for c in counted]
    found: dict[str, Any] = {"auc": everyone["auc"], "rate": everyone["selection_rate"]}
    found |= {f"auc:{groups[c]}": one["auc"] for c, one in zip(counted, by_group, strict=True)}
    if len(counted) > 1:
        stacked = {name: np.stack([one[name] for one in by_group]) for name in by_group[0]}

        def gap(name: str) -> FloatArray:
            return np.asarray(np.ptp(stacked[name], axis=0))

        found["dpd"] = gap("selection_rate")
        found["deodds"] = np.fmax(gap("true_positive_rate"), gap("false_positive_rate"))
        pairs = zip(known["auc"], stacked["auc"].T, strict=True)
        found["es_auc"] = np.array([disparity.equity_scaled(a, g) for a, g in pairs])
    return {name: np.asarray(value, dtype=np.float64) for name, value in found.items()}


def same_samples(samples: Sequence[Samples]) -> None:
    """Refuse runs that scored other samples.

    Raises:
        DataError: they did.
    """
    if any(one.ids != samples[0].ids for one in samples):
        raise DataError("the runs of a table scored other samples; use --on-error stop")
