"""The original FairCLIP evaluation, quirks included, to set its numbers beside ours.

It drops every sample whose race, gender, ethnicity or language is unknown, predicts at 0.5, counts
an undefined rate of a group as 0, and lets an undefined AUC spoil what is made of it (Luo et al.,
CVPR 2024, released evaluation; docs/metrics.md).
"""

from dataclasses import dataclass

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE, UNKNOWN
from fairness.errors import UsageError
from fairness.groups import plain
from fairness.metrics import classification, disparity
from fairness.outcomes import Outcomes
from fairness.suppression import hidden_of

ATTRIBUTES = tuple(a.name for a in (RACE, GENDER, ETHNICITY, LANGUAGE))
THRESHOLD = 0.5


@dataclass(frozen=True)
class Compared:
    """One number as the original evaluation gives it."""

    attribute: str
    group: str
    metric: str
    original: float | None
    """None where it is NaN, or hidden."""
    hidden: bool = False
    """It would show a group of few people, alone or in a gap that it may be an end of."""


def compat_fairclip(outcomes: Outcomes, least: int = 0) -> list[Compared]:
    """Every number of the original's results file, for the attributes that the outcomes have.

    Args:
        outcomes: the scored split.
        least: smallest number of people whose numbers may be shown.

    Raises:
        UsageError: none of the attributes is there, or no sample has them all.
    """
    attributes = [a for a in outcomes.attributes if a.name in ATTRIBUTES]
    attributes.sort(key=lambda a: ATTRIBUTES.index(a.name))
    known = np.array([outcomes.codes[a.name] != UNKNOWN for a in attributes], dtype=bool)
    if not known.size or not known.all(axis=0).any():
        raise UsageError(f"--compat fairclip needs samples with a known {', '.join(ATTRIBUTES)}")
    kept = outcomes.take(known.all(axis=0))
    patients = np.array(kept.patients)
    y, score = kept.target, kept.score
    predicted = (score >= THRESHOLD).astype(np.int64)
    auc, accuracy = classification.auc(y, score), classification.accuracy(y, predicted)
    few = len(np.unique(patients)) < least
    found = [
        compared("overall", "all", "auc", auc, few),
        compared("overall", "all", "accuracy", accuracy, few),
    ]
    for attribute in attributes:
        codes = kept.codes[attribute.name]
        hidden = hidden_of(plain(attribute, codes), patients, least)
        present = np.unique(codes)
        codes = np.searchsorted(present, codes)
        aucs = disparity.by_group(classification.auc, codes, len(present), y, score)
        groups = [attribute.groups[code] for code in present]
        for group, value in zip(groups, aucs, strict=True):
            found.append(compared(attribute.name, group, "auc", value, group in hidden))
        for metric, value in gaps(y, score, predicted, codes, aucs).items():
            found.append(compared(attribute.name, "all", metric, value, bool(hidden)))
    return found


def gaps(
    y: IntArray, score: FloatArray, predicted: IntArray, codes: IntArray, aucs: FloatArray
) -> dict[str, float]:
    """The original's numbers over the groups 0..max of `codes`, every one of which has cases."""
    auc, accuracy = classification.auc(y, score), classification.accuracy(y, predicted)
    accuracies = disparity.by_group(classification.accuracy, codes, len(aucs), y, predicted)
    return {
        "es_accuracy": float(disparity.equity_scaled(accuracy, accuracies, compat=True)),
        "es_auc": float(disparity.equity_scaled(auc, aucs, compat=True)),
        "demographic_parity_difference": float(
            disparity.demographic_parity_difference(y, predicted, codes)
        ),
        "equalized_odds_difference": float(
            disparity.equalized_odds_difference(y, predicted, codes, compat=True)
        ),
        "std_auc_disparity": float(np.std(aucs) / auc),
        "max_auc_disparity": float(np.ptp(aucs) / auc),
    }


def compared(attribute: str, group: str, metric: str, value: object, hidden: bool) -> Compared:
    """The number, unless it is undefined or to be hidden."""
    x = float(np.asarray(value))
    shown = x if np.isfinite(x) and not hidden else None
    return Compared(attribute, group, metric, shown, hidden)
