"""The released FairCLIP evaluation, defects included, for comparison with our numbers.

It drops every sample whose race, gender, ethnicity or language is unknown, predicts at 0.5, counts
an undefined rate of a group as 0, and gives no disparity of AUCs where one of them is undefined
(Luo et al., CVPR 2024; docs/metrics.md).
"""

import numpy as np

from fairness.attributes import ALL, OVERALL, UNKNOWN
from fairness.compat.compared import ATTRIBUTES, Compared, compared, of_papers
from fairness.errors import UsageError
from fairness.groups import plain
from fairness.metrics import classification
from fairness.metrics import disparity as d
from fairness.outcomes import Outcomes
from fairness.suppression import hidden_of

THRESHOLD = 0.5


def compat_fairclip(outcomes: Outcomes, least: int = 0) -> list[Compared]:
    """Numbers of the original's results file, for those of its attributes that the outcomes have.

    Numbers of fewer than `least` people are hidden.

    Raises:
        UsageError: none of the attributes is there, or no sample has them all.
    """
    attributes = of_papers(outcomes.attributes)
    known = np.array([outcomes.codes[a.name] != UNKNOWN for a in attributes], dtype=bool)
    if not known.size or not known.all(axis=0).any():
        raise UsageError(f"--compat fairclip needs samples with a known {', '.join(ATTRIBUTES)}")
    kept = outcomes.take(known.all(axis=0))
    patients = np.array(kept.patients)
    y, score = kept.target, kept.score
    predicted = (score >= THRESHOLD).astype(np.int64)
    auc, accuracy = classification.auc(y, score), classification.accuracy(y, predicted)
    overall = {"auc": auc, "accuracy": accuracy}
    found = compared(OVERALL, ALL, overall, len(np.unique(patients)) < least)
    for attribute in attributes:
        codes = kept.codes[attribute.name]
        hidden = hidden_of(plain(attribute, codes), patients, least, y)
        present = np.unique(codes)
        codes = np.searchsorted(present, codes)
        aucs = d.by_group(classification.auc, codes, len(present), y, score)
        accuracies = d.by_group(classification.accuracy, codes, len(present), y, predicted)
        for code, value in zip(present, aucs, strict=True):
            group = attribute.groups[code]
            found += compared(attribute.name, group, {"auc": value}, group in hidden)
        gaps = {
            "es_accuracy": d.equity_scaled(accuracy, accuracies, compat=True),
            "es_auc": d.equity_scaled(auc, aucs, compat=True),
            "demographic_parity_difference": d.demographic_parity_difference(y, predicted, codes),
            "equalized_odds_difference": d.equalized_odds_difference(y, predicted, codes, True),
            "std_auc_disparity": float(np.std(aucs) / auc),
            "max_auc_disparity": float(np.ptp(aucs) / auc),
        }
        found += compared(attribute.name, ALL, gaps, bool(hidden))
    return found
