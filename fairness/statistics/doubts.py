"""Why a number says less than it seems to: no rule on it can pass."""

import numpy as np

from fairness.statistics.measures import Summary
from fairness.statistics.sampled import Sampled
from fairness.statistics.sampled_grouping import SampledGrouping
from fairness.statistics.settings import tier

TOO_SMALL = "too small to infer from"


def size_doubt(sampled: Sampled, cell: int, metric: int) -> str | None:
    """Whether a set of cases, or those in the metric's denominator, are too few to infer from."""
    settings, (people, rarer) = sampled.settings, sampled.people[:, cell]
    size = tier(int(people), int(rarer), settings)
    few = sampled.patients[cell, metric] < settings.inferential_from
    return TOO_SMALL if few or size != "inferential" else None


def doubts_of(grouping: SampledGrouping, cell: int) -> dict[str, str]:
    """Metrics of one set of cases that say little, each with the reason."""
    sampled = grouping.sampled
    found = dict(sampled.measures.doubts(sampled.rows[cell]))
    for m, metric in enumerate(sampled.measures.metrics):
        both = (found.get(metric.name), size_doubt(sampled, cell, m))
        if any(both):
            found[metric.name] = "; ".join(filter(None, both))
    return found


def doubts_about(grouping: SampledGrouping, summary: Summary) -> list[str]:
    """The groups that a number over groups leaves out, and those that it rests on though small."""
    metrics = {metric.name: m for m, metric in enumerate(grouping.sampled.measures.metrics)}
    missing, doubted = [], []
    for g in range(len(grouping.tiers)):
        label = grouping.labels[g]
        if not grouping.sampled.rows[g].size:
            continue
        if grouping.tiers[g] == "suppressed":
            missing.append(f"without {label} (hidden)")
            continue
        doubts = doubts_of(grouping, g)
        for name in summary.metrics:
            if np.isnan(grouping.sampled.values[g, metrics[name]]):
                metric = grouping.sampled.measures.metrics[metrics[name]]
                missing.append(f"without {label} ({metric.undefined})")
            elif name in doubts:
                doubted.append(f"{label}: {doubts[name]}")
    return list(dict.fromkeys(missing + doubted))
