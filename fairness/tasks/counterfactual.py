"""Counterfactual measures: range of a sample's scores over all groups, and changed decisions."""

import numpy as np

from fairness.arrays import FloatArray
from fairness.statistics.case_scores import CaseScore, CaseScores
from fairness.tasks.task import Tables

COUNTERFACTUAL = Tables(
    groups={"spread": "counterfactual_spread", "flips": "counterfactual_flip"},
    gaps={
        "spread gap": "counterfactual_spread_difference",
        "flips gap": "counterfactual_flip_difference",
    },
    brief=2,
)


def counterfactual(scores: FloatArray, threshold: float) -> CaseScores:
    """Range of each sample's scores over all groups, and whether its decision changes.

    Args:
        scores: (G, n), each sample asked as if it belonged to each of G groups.
        threshold: a score from it on is a positive prediction.
    """
    decisions = scores >= threshold
    spread: FloatArray = np.ptp(scores, axis=0)
    flip = (decisions.any(0) & ~decisions.all(0)).astype(np.float64)
    return CaseScores(
        (
            CaseScore("counterfactual_spread", spread, larger_is_better=False),
            CaseScore("counterfactual_flip", flip, "share", larger_is_better=False),
        )
    )
