"""p-values of a family of tests, adjusted so that the family as a whole keeps its error rate."""

from typing import Literal

import numpy as np

from fairness.arrays import FloatArray


def adjusted(p: FloatArray, method: Literal["holm", "bh"]) -> FloatArray:
    """p-values (K,) of one family, adjusted; NaN is no test and stays NaN.

    holm: any false alarm in the family (Holm, Scandinavian Journal of Statistics 1979). bh: the
    share of false alarms among the alarms (Benjamini and Hochberg, JRSS B 1995).
    """
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    rank = np.arange(len(order))
    result = np.full(len(p), np.nan)
    if method == "holm":
        result[order] = np.maximum.accumulate(p[order] * (len(order) - rank))
    else:
        steps = p[order] * len(order) / (rank + 1)
        result[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return np.minimum(result, 1.0)
