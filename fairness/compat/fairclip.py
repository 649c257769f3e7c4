"""The released FairCLIP evaluation, defects included, for comparison with our numbers.

It drops every sample whose race, gender, ethnicity or language is unknown, predicts at 0.5, counts
an undefined rate of a group as 0, and gives no disparity of AUCs where one of them is undefined
(Luo et al., CVPR 2024; docs/metrics.md).
"""

import numpy as np

from fairness.arrays import FloatArray, IntArray
from fairness.attributes import ALL, OVERALL, UNKNOWN
from fairness.compat.compared import ATTRIBUTES, Compared, compared
from fairness.errors import UsageError
from fairness.groups import plain
from fairness.metrics import classification
from fairness.metrics import disparity as d
from fairness.outcomes import Outcomes
from fairness.suppression import hidden_of

THRESHOLD = 0.5


def compat_fairclip(outcomes: Outcomes, least: int = 0) -> list[Compared]:
    """Numbers of the original's results file, for those of its attributes that the outcomes have.

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
    overall = {"auc": auc, "accuracy": accuracy}
    found = [compared(OVERALL, ALL, metric, value, few) for metric, value in overall.items()]
    for attribute in attributes:
        codes = kept.codes[attribute.name]
        hidden = hidden_of(plain(attribute, codes), patients, least)
        present = np.unique(codes)
        codes = np.searchsorted(present, codes)
        aucs = d.by_group(classification.auc, codes, len(present), y, score)
        groups = [attribute.groups[code] for code in present]
        for group, value in zip(groups, aucs, strict=True):
            found.append(compared(attribute.name, group, "auc", value, group in hidden))
        for metric, value in gaps(y, score, predicted, codes, aucs).items():
            found.append(compared(attribute.name, ALL, metric, value, bool(hidden)))
    return found


def gaps(
    y: IntArray, score: FloatArray, predicted: IntArray, codes: IntArray, aucs: FloatArray
) -> dict[str, float]:
    """The original's numbers over the groups 0..max of `codes`, every one of which has cases."""
    auc, accuracy = classification.auc(y, score), classification.accuracy(y, predicted)
    accuracies = d.by_group(classification.accuracy, codes, len(aucs), y, predicted)
    return {
        "es_accuracy": d.equity_scaled(accuracy, accuracies, compat=True),
        "es_auc": d.equity_scaled(auc, aucs, compat=True),
        "demographic_parity_difference": d.demographic_parity_difference(y, predicted, codes),
        "equalized_odds_difference": d.equalized_odds_difference(y, predicted, codes, compat=True),
        "std_auc_disparity": float(np.std(aucs) / auc),
        "max_auc_disparity": float(np.ptp(aucs) / auc),
    }
