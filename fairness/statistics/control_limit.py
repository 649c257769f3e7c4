"""The limit of a CUSUM chart, so that all charts together seldom raise a false alarm.

A one-sided CUSUM of standard normal numbers is a Markov chain; its states between 0 and the limit
are cut into equal cells (Brook and Evans, Biometrika 1972). So the probability that it passes the
limit within so many runs is computed, not simulated.
"""

from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from fairness.arrays import FloatArray

REFERENCE = 0.5
"""Taken from every number before it is summed: a chart is quickest for a change by twice as many
standard errors of a run."""

CELLS = 120
HIGHEST = 60.0
"""Limits lie below it, whatever is asked."""


def transitions(limit: float, cells: int = CELLS) -> FloatArray:
    """(T, T) probabilities of moving between cells below the limit; the rest passes it.

    Cell 0 is half as wide as the others: it is the sum at 0, where a chart begins.
    """
    width = 2 * limit / (2 * cells - 1)
    centre = np.arange(cells) * width
    upper = ndtr(centre[None] + width / 2 - centre[:, None] + REFERENCE)
    found = np.diff(upper, axis=1, prepend=0.0)
    return np.asarray(found)


def passing(limit: float, runs: int) -> float:
    """Probability that a one-sided chart passes the limit within so many runs without a change."""
    stays = np.linalg.matrix_power(transitions(limit), runs)[0].sum()
    return float(min(1.0, max(0.0, 1.0 - stays)))


@cache
def control_limit(false_alarms: float, runs: int, charts: int) -> float:
    """The limit of both sides of every chart.

    Args:
        false_alarms: probability, in (0, 1), of one false alarm or more within `runs`.
        runs: numbers that a chart gets, 1 at least.
        charts: two-sided charts, 1 at least. Their error is divided by their sides (Bonferroni),
            whatever depends on what.
    """
    each = false_alarms / (2 * charts)
    found = brentq(lambda limit: passing(limit, runs) - each, 1e-3, HIGHEST, xtol=1e-6)
    return float(found)
