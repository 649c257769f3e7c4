"""Tango's interval: its defining equation, and what remains where nothing changed."""

import numpy as np
import pytest
from scipy.stats import norm

from fairness.statistics.tango import tango

Q = float(norm.ppf(0.975))


def one(gained: int, lost: int, n: int) -> tuple[float, float]:
    low, high = tango(np.array(gained / n), np.array(lost / n), np.array(float(n)), Q)
    return float(low), float(high)


def score(b: int, c: int, n: int, difference: float) -> float:
    """The score statistic, its likeliest shares found on a grid instead of in closed form."""
    lost = np.linspace(1e-9, (1 - abs(difference)) / 2, 400_001)
    lost = lost + max(0.0, -difference)
    gained = lost + difference
    neither = np.maximum(1 - lost - gained, 1e-300)
    likelihood = b * np.log(np.maximum(gained, 1e-300)) + c * np.log(lost)
    best = int((likelihood + (n - b - c) * np.log(neither)).argmax())
    variance = n * (lost[best] + gained[best] - difference**2)
    return float((b - c - n * difference) / np.sqrt(variance))


@pytest.mark.parametrize("counts", [(9, 3, 40), (1, 0, 12), (5, 5, 30), (0, 4, 25)])
def test_at_the_limits_the_score_is_the_quantile(counts: tuple[int, int, int]) -> None:
    low, high = one(*counts)
    assert score(*counts, low) == pytest.approx(Q, abs=0.01)
    assert score(*counts, high) == pytest.approx(-Q, abs=0.01)


@pytest.mark.parametrize(("n", "limit"), [(4, 0.49), (20, 0.161), (73, 0.05)])
def test_no_discordant_case_still_leaves_doubt(n: int, limit: float) -> None:
    low, high = one(0, 0, n)
    assert (low, high) == pytest.approx((-limit, limit), abs=2e-3)


def test_swapped_runs_change_the_sign() -> None:
    assert one(7, 2, 50) == pytest.approx([-x for x in one(2, 7, 50)[::-1]])
