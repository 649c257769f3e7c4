"""Numbers at a threshold that a rule chose on other people, with what that choice adds.

Estimated is the mean, over validation samples of this size, of the number that the population has
at the threshold chosen on them: what the procedure gives, not the number at the best threshold of
an endless sample. The share of the audited people at the chosen threshold is unbiased for it, as
they took no part in the choice. Its variance has two parts (law of total variance): that of the
audited people at a given threshold, which the interval at a fixed one has, and that of the number
over chosen thresholds. The second is s^2, the mean squared distance of the share of the audited
people at thresholds that the rule gives on validation patients drawn with replacement from their
share at the chosen one: the variance alone fell to 92 %, as Youden's threshold converges slowly.

A share v of n trials gets Wilson's interval of n' trials, 1 / n' = 1 / n + s^2 / (w (1 - w)), w
being v after one more success and one more failure. A difference gets what MOVER makes of both
intervals at the fixed threshold, each distance squared and q^2 s^2 added (`differences`), with s^2
of the difference at one threshold for both. With an endless validation sample s is 0, and every
limit that at the fixed threshold.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.bootstrap import DEFINED
from fairness.statistics.clusters import units_of
from fairness.statistics.intervals import towards_half

RATES = (
    "true_positive_rate",
    "false_positive_rate",
    "positive_predictive_value",
    "selection_rate",
    "accuracy",
)


@dataclass(frozen=True)
class Redrawn:
    """What a rule gives on validation patients who are drawn anew."""

    rule: str
    """As it was stated: `youden`, `sensitivity:0.9`."""
    people: int
    """Validation patients."""
    thresholds: FloatArray
    """(R,) NaN where a draw had one class only."""

    def said(self, least: int) -> str:
        """What it is, in one line; of fewer people than `least` no number."""
        low, high = np.nanquantile(self.thresholds, (0.025, 0.975))
        of_people = f"{self.people} patients" if self.people >= least else "few patients"
        return (
            f"the threshold was chosen by {self.rule} on {of_people}; with these drawn anew, 95 % "
            f"of the thresholds lie in [{low:.3g}, {high:.3g}]. Estimated is what a threshold "
            "chosen so, on so many patients, gives on average"
        )


def redrawn_thresholds(
    choose: Callable[[IntArray, FloatArray], float],
    y: IntArray,
    score: FloatArray,
    patients: IntArray,
    replicates: int,
    seed: int,
) -> FloatArray:
    """(R,) what a rule gives on patients drawn with replacement; NaN where they are of one class.

    Args:
        choose: the rule, from truth and scores.
        y: (n,) of 0/1.
        score: (n,).
        patients: (n,) whose cases are drawn together.
        replicates: R.
        seed: of the draws.
    """
    order = np.argsort(-score, kind="stable")
    y, score, unit = y[order], score[order], units_of(patients)[order]
    people, rng = int(unit.max()) + 1, np.random.default_rng(seed)
    found = np.full(replicates, np.nan)
    for k in range(replicates):
        drawn = np.bincount(rng.integers(people, size=people), minlength=people)
        rows = np.repeat(np.arange(len(y)), drawn[unit])
        if 0 < y[rows].sum() < len(rows):
            found[k] = choose(y[rows], score[rows])
    return found


def rates_at(y: IntArray, score: FloatArray, thresholds: FloatArray) -> dict[str, FloatArray]:
    """(R,) every one of `RATES` of cases at thresholds (R,); NaN where it is undefined."""
    ranked = [np.sort(score[y == k]) for k in (1, 0)]
    positives, negatives = map(len, ranked)
    hits, alarms = (len(s) - np.searchsorted(s, thresholds, "left") for s in ranked)
    n = positives + negatives
    counts = (hits, alarms, hits, hits + alarms, hits + negatives - alarms)
    among = (positives, negatives, hits + alarms, n, n)
    known = np.isfinite(thresholds)
    found = {}
    for name, above, below in zip(RATES, counts, among, strict=True):
        of_them = np.broadcast_to(np.asarray(below, dtype=np.float64), thresholds.shape)
        share = np.full(thresholds.shape, np.nan)
        np.divide(above, of_them, out=share, where=known & (of_them > 0))
        found[name] = share
    return found


def moved_by(replicates: FloatArray, value: float) -> float:
    """s^2 from a number (R,) at redrawn thresholds; NaN where under 95 % of them are defined."""
    known = replicates[np.isfinite(replicates)]
    enough = len(known) >= DEFINED * len(replicates)
    return float(((known - value) ** 2).mean()) if enough else np.nan


def trials_with(share: FloatArray, trials: FloatArray, moved: FloatArray) -> FloatArray:
    """N' of shares of n `trials` with s^2 `moved`, elementwise."""
    likely = towards_half(share, trials)
    return np.asarray(1 / (1 / trials + moved / (likely * (1 - likely))))
