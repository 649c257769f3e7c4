"""Simulated labels of the same images, for the tests of averages."""

import numpy as np
from scipy.stats import norm

from fairness.statistics.binary import BinaryScores
from fairness.statistics.macro import MacroScores


def several(
    n: int = 300, labels: int = 4, shared: float = 0.5, unknown: float = 0.2
) -> MacroScores:
    """Labels whose truth and scores go together by `shared`; NaN scores where not known."""
    rng = np.random.default_rng(0)
    kept = rng.random((labels, n)) >= unknown
    both = [
        np.sqrt(shared) * rng.normal(size=n) + np.sqrt(1 - shared) * rng.normal(size=(labels, n))
        for _ in range(2)
    ]
    y = (both[0] > 0.5).astype(np.int64)
    score = np.where(kept, norm.cdf(y - 0.5 + both[1]), np.nan)
    parts = tuple(
        BinaryScores(a, b, 0.5) for a, b in zip(np.where(kept, y, -1), score, strict=True)
    )
    return MacroScores(parts, kept)
