"""Cells of a benchmark's tables over seeds."""

import numpy as np
from scipy import stats

from fairness.arrays import FloatArray


def spread(values: FloatArray) -> str:
    """Mean and standard deviation of (seeds,); the mean alone where they do not vary."""
    if np.ptp(values) == 0:
        return f"{values.mean():.3g}"
    return f"{values.mean():.3f} ± {values.std(ddof=1):.3f}"


def interval(values: FloatArray) -> str:
    """Mean and Student's 95 % interval of (seeds,), bold where it excludes 0."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    low, high = values.mean() - half, values.mean() + half
    text = f"{values.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low * high > 0 else text
