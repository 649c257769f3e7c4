"""Families of tests: what is adjusted together, and what is said of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from fairness.arrays import FloatArray
from fairness.outcomes import Contrast
from fairness.statistics.estimates import number
from fairness.statistics.settings import Settings


def families_of_pairs(contrasts: Sequence[Contrast]) -> list[str]:
    """One line an attribute: how many pairs were tested jointly, and in how many numbers."""
    tested = Counter((c.attribute, c.metric) for c in contrasts if c.p is not None)
    lines = []
    for attribute in dict.fromkeys(name for name, _ in tested):
        sizes = [n for (name, _), n in tested.items() if name == attribute]
        pairs = f"{max(sizes)} pairs" if max(sizes) > 1 else "1 pair"
        lines.append(f"pairs of {attribute}: {pairs} in each of {len(sizes)} numbers, jointly")
    return lines


def families_of_gaps(gaps: Sequence[Contrast], settings: Settings) -> list[str]:
    """One line for the largest gaps that were tested over the same attributes."""
    attributes: dict[str, list[str]] = {}
    for gap in gaps:
        if gap.p is not None:
            attributes.setdefault(gap.metric, []).append(gap.attribute)
    names: dict[tuple[str, ...], list[str]] = {}
    for metric, tested in attributes.items():
        names.setdefault(tuple(tested), []).append(metric)
    method = {"holm": "Holm", "bh": "Benjamini-Hochberg"}[settings.adjust]
    return [
        f"{', '.join(metrics)}: each over {', '.join(tested)} ({method})"
        for tested, metrics in names.items()
    ]


def adjusted_gaps(largest: list[Contrast], settings: Settings) -> list[Contrast]:
    """Largest gaps with adjusted p-values: one family is one summary over all attributes."""
    p = np.array([np.nan if contrast.p is None else contrast.p for contrast in largest])
    for name in dict.fromkeys(contrast.metric for contrast in largest):
        family = np.flatnonzero([contrast.metric == name for contrast in largest])
        p[family] = adjusted(p[family], settings.adjust)
    return [replace(gap, p_adjusted=number(q)) for gap, q in zip(largest, p, strict=True)]


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
