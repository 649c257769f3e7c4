"""The original FairCLIP evaluation, quirks included, to set its numbers beside ours.

It drops every sample whose race, gender, ethnicity or language is unknown, predicts at 0.5, counts
an undefined rate of a group as 0, and lets an undefined AUC spoil what is made of it (Luo et al.,
CVPR 2024, released evaluation; docs/metrics.md).
"""

from dataclasses import dataclass

import numpy as np

from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE, UNKNOWN
from fairness.metrics import classification, disparity
from fairness.outcomes import Outcomes

ATTRIBUTES = (RACE, GENDER, ETHNICITY, LANGUAGE)
THRESHOLD = 0.5


@dataclass(frozen=True)
class Compared:
    """One number as the original evaluation gives it; None where that is NaN."""

    attribute: str
    group: str
    metric: str
    original: float | None


def compat_fairclip(outcomes: Outcomes) -> list[Compared]:
    """Every number of the original's results file, for the attributes that the outcomes have."""
    attributes = [a for a in ATTRIBUTES if a.name in outcomes.codes]
    known = np.all([outcomes.codes[a.name] != UNKNOWN for a in attributes], axis=0)
    kept = outcomes.take(known)
    y, score = kept.target, kept.score
    predicted = (score >= THRESHOLD).astype(np.int64)
    auc, accuracy = classification.auc(y, score), classification.accuracy(y, predicted)
    found = [
        Compared("overall", "all", "auc", number(auc)),
        Compared("overall", "all", "accuracy", number(accuracy)),
    ]
    for attribute in attributes:
        present = np.unique(kept.codes[attribute.name])
        codes = np.searchsorted(present, kept.codes[attribute.name])
        aucs = disparity.by_group(classification.auc, codes, len(present), y, score)
        accuracies = disparity.by_group(classification.accuracy, codes, len(present), y, predicted)
        numbers = {
            "es_accuracy": disparity.equity_scaled(accuracy, accuracies, compat=True),
            "es_auc": disparity.equity_scaled(auc, aucs, compat=True),
            "demographic_parity_difference": disparity.demographic_parity_difference(
                y, predicted, codes
            ),
            "equalized_odds_difference": disparity.equalized_odds_difference(
                y, predicted, codes, compat=True
            ),
            "std_auc_disparity": np.std(aucs) / auc,
            "max_auc_disparity": (np.max(aucs) - np.min(aucs)) / auc,
        }
        found += [
            Compared(attribute.name, attribute.groups[g], "auc", number(value))
            for g, value in zip(present, aucs, strict=True)
        ]
        found += [Compared(attribute.name, "all", m, number(v)) for m, v in numbers.items()]
    return found


def number(value: object) -> float | None:
    """A plain float; None for NaN."""
    x = float(np.asarray(value))
    return x if np.isfinite(x) else None
