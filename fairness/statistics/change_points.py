"""Changes of a number over runs on new people each: a CUSUM of its recursive residuals.

The level before a change is not known, only estimated by the runs so far. Each run is held against
those before it, and the difference divided by its standard error, in which the error of the level
is counted. Without a change these recursive residuals are independent and standard normal, however
large the runs (Brown, Durbin and Evans, JRSS B 1975; for charts Hawkins, Technometrics 1987), as
far as the numbers are normal. They are summed to both sides (Page, Biometrika 1954).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray
from fairness.statistics.control_limit import REFERENCE


@dataclass(frozen=True)
class Readings:
    """A number in n runs, NaN where it was not measured."""

    value: FloatArray
    """(n,)"""
    precision: FloatArray
    """(n,): of a share so many trials, else one over the squared standard error; above 0."""
    share: bool
    """Whether the value is a share in [0, 1], whose variance follows from its level."""

    def take(self, first: int, last: int) -> "Readings":
        """The runs from `first` on and before `last`."""
        chosen = slice(first, last)
        return Readings(self.value[chosen], self.precision[chosen], self.share)


@dataclass(frozen=True)
class Alarm:
    """A chart that passed its limit."""

    run: int
    """At which it did."""
    since: int
    """Estimated first run after the change (`likely_change`)."""
    up: bool
    """Whether the number rose."""


@dataclass(frozen=True)
class Chart:
    """Residuals and sums of n runs; NaN in a run without a number, and in the first of a level."""

    z: FloatArray
    """(n,) recursive residuals."""
    up: FloatArray
    """(n,) sum of rises, from 0 on."""
    down: FloatArray
    """(n,) sum of falls, from 0 on."""
    alarms: tuple[Alarm, ...]


def trials_of(value: FloatArray, low: FloatArray, high: FloatArray, q: float) -> FloatArray:
    """Number of trials whose Wilson interval has these limits; the inverse of `wilson`.

    Args:
        value: shares in [0, 1], or an AUC with `auc_trials`.
        low: lower limits.
        high: upper limits, above the lower ones.
        q: quantile of the standard normal distribution at which they were made.
    """
    width = (high - low) ** 2
    b = 4 * value * (1 - value) - 2 * width
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = (np.sqrt(b**2 + 4 * (1 - width) * width) - b) / (2 * (1 - width))
        return np.asarray(q**2 / weight)


def variances_of(numbers: Sequence[Readings]) -> FloatArray:
    """(n,) variance of each run; of a share, at its mean over all n runs.

    `numbers` are one, or two of different people, without NaN.
    """
    found = np.zeros(len(numbers[0].value))
    for one in numbers:
        level = one.value @ one.precision / one.precision.sum()
        found += (level * (1 - level) if one.share else 1.0) / one.precision
    return found


def residual(value: FloatArray, variances: FloatArray) -> float:
    """The last of n runs, 2 at least, against all before it, in standard errors."""
    if not variances[-1] > 0:  # a share that was 0, or 1, in every run
        return 0.0
    weights = 1 / variances[:-1]
    whole = weights.sum()
    before = value[:-1] @ weights / whole
    return float((value[-1] - before) / np.sqrt(variances[-1] + 1 / whole))


def likely_change(value: FloatArray, variances: FloatArray) -> int:
    """The run, from 1 on, before and from which the means differ by most standard errors.

    The maximum-likelihood estimate of the place of one change (Hinkley, Biometrika 1970).
    """
    weights = 1 / variances
    sums, wholes = np.cumsum(weights * value), np.cumsum(weights)
    before = sums[:-1] / wholes[:-1]
    after = (sums[-1] - sums[:-1]) / (wholes[-1] - wholes[:-1])
    error = np.sqrt(1 / wholes[:-1] + 1 / (wholes[-1] - wholes[:-1]))
    return 1 + int(np.argmax(np.abs(after - before) / error))


def charted(numbers: Sequence[Readings], limit: float) -> Chart:
    """The chart of one number, or of the first of two minus the second; anew after every alarm.

    Args:
        numbers: one, or two of different people, with NaN where a run did not measure it.
        limit: see `control_limit`.
    """
    known = np.flatnonzero(np.all([np.isfinite(one.value) for one in numbers], axis=0))
    measured = [Readings(o.value[known], o.precision[known], o.share) for o in numbers]
    value = measured[0].value - (measured[1].value if len(measured) > 1 else 0.0)
    n = len(numbers[0].value)
    z, up, down = (np.full(n, np.nan) for _ in range(3))
    alarms: list[Alarm] = []
    begun, sums = 0, [0.0, 0.0]
    for i in range(len(known)):
        if i == begun:
            sums = [0.0, 0.0]
            continue
        variances = variances_of([one.take(begun, i + 1) for one in measured])
        found = residual(value[begun : i + 1], variances)
        sums = [max(0.0, sums[0] + found - REFERENCE), max(0.0, sums[1] - found - REFERENCE)]
        z[known[i]], up[known[i]], down[known[i]] = found, *sums
        if max(sums) > limit:
            since = begun + likely_change(value[begun : i + 1], variances)
            alarms.append(Alarm(int(known[i]), int(known[since]), up=sums[0] > sums[1]))
            begun = i + 1
    return Chart(z, up, down, tuple(alarms))
