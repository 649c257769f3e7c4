"""The fixed bins of scores that sites count in: the same in training and in an audit."""

import numpy as np

from fairness.arrays import Array, FloatArray

LIMIT = 16.0
"""Log odds beyond this, P about 1e-7, fall into the outermost bins."""
BINS = 4000
"""Each 0.008 wide on the scale of log odds."""


def place_of(score: Array) -> FloatArray:
    """Where scores (n,) in [0, 1] lie between the ends of the bins: (n,) in [0, `BINS`].

    Bin b holds the places from b on and below b + 1.
    """
    odds = np.log(np.clip(score, 1e-9, 1)) - np.log(np.clip(np.subtract(1, score), 1e-9, 1))
    return np.asarray(np.clip((odds + LIMIT) / (2 * LIMIT) * BINS, 0, BINS))


def score_at(place: FloatArray) -> FloatArray:
    """Scores (n,) at places (n,)."""
    return np.asarray(1 / (1 + np.exp(LIMIT - np.asarray(place) / BINS * 2 * LIMIT)))
