"""Families of tests: what is adjusted together, and what is said of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from fairness.arrays import FloatArray
from fairness.outcomes import Contrast
from fairness.statistics.estimates import number
from fairness.statistics.measures import Summary
from fairness.statistics.settings import Settings


def families_of_pairs(contrasts: Sequence[Contrast]) -> list[str]:
    """One line an attribute: how many pairs were tested jointly, and in how many numbers.

    Those of another label are other numbers.
    """
    tested = Counter((c.attribute, c.label, c.metric) for c in contrasts if c.p is not None)
    lines = []
    for attribute in dict.fromkeys(name for name, _, _ in tested):
        sizes = [n for (name, _, _), n in tested.items() if name == attribute]
        labels = {label for name, label, _ in tested if name == attribute and label}
        pairs = f"{max(sizes)} pairs" if max(sizes) > 1 else "1 pair"
        numbers = f"{len(sizes)} numbers" + (f" of {len(labels)} labels" if labels else "")
        lines.append(f"pairs of {attribute}: {pairs} in each of {numbers}, jointly")
    return lines


def families_of_gaps(gaps: Sequence[Contrast], settings: Settings) -> list[str]:
    """One line for the largest gaps that were tested over the same labels and attributes."""
    tested: dict[str, list[Contrast]] = {}
    for gap in gaps:
        if gap.p is not None:
            tested.setdefault(gap.metric, []).append(gap)
    names: dict[str, list[str]] = {}
    for metric, family in tested.items():
        names.setdefault(_over(family), []).append(metric)
    method = {"holm": "Holm", "bh": "Benjamini-Hochberg"}[settings.adjust]
    return [f"{', '.join(metrics)}: each over {over} ({method})" for over, metrics in names.items()]


def _over(family: Sequence[Contrast]) -> str:
    """Labels and attributes of the tested gaps of one metric."""
    labels = {gap.label for gap in family if gap.label}
    names = list(dict.fromkeys(gap.attribute for gap in family))
    attributes = ", ".join(names)
    if not labels:
        return attributes
    counted = f"{len(labels)} labels" if len(labels) > 1 else "1 label"
    if len(family) == len(labels) * len(names):
        return f"{counted} x {attributes}"
    return f"{len(family)} gaps of {counted} in {attributes}"


def adjusted_gaps(largest: list[Contrast], settings: Settings) -> list[Contrast]:
    """Largest gaps with adjusted p-values, of one report or of all labels at once.

    One family is one summary over all attributes and all labels that are given.
    """
    p = np.array([np.nan if contrast.p is None else contrast.p for contrast in largest])
    for name in dict.fromkeys(contrast.metric for contrast in largest):
        family = np.flatnonzero([contrast.metric == name for contrast in largest])
        p[family] = adjusted(p[family], settings.adjust)
    return [replace(gap, p_adjusted=number(q)) for gap, q in zip(largest, p, strict=True)]


def adjusted_over_labels(
    contrasts: Sequence[Contrast], summaries: Sequence[Summary], settings: Settings
) -> list[Contrast]:
    """Contrasts of several labels, in their order; their largest gaps adjusted together.

    Pairs stay as they are: theirs hold jointly over the pairs of one label. To be called before
    any contrast is hidden, since a hidden gap was tested too.

    Args:
        contrasts: of all labels, each with its `label`.
        summaries: of their measures, whose names tell largest gaps from pairs.
        settings: of the analyses.
    """
    of_gaps = {summary.name for summary in summaries if summary.kind == "difference"}
    at = [k for k, contrast in enumerate(contrasts) if contrast.metric in of_gaps]
    found = list(contrasts)
    for k, gap in zip(at, adjusted_gaps([contrasts[k] for k in at], settings), strict=True):
        found[k] = gap
    return found


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
