"""Several labels together: their macro averages, and all decisions as if they were of one label."""

from dataclasses import replace

import numpy as np

from fairness.arrays import Array, FloatArray, IntArray
from fairness.outcomes import Cases, Names, Outcomes
from fairness.statistics.binary import BinaryScores
from fairness.statistics.macro import MacroScores
from fairness.statistics.micro import micro_average
from fairness.statistics.settings import Settings
from fairness.tasks.measured import Measured
from fairness.tasks.task import Tables

MACRO = Tables(
    groups={
        "macro AUC": "macro_auc",
        "selected": "macro_selection_rate",
        "TPR": "macro_true_positive_rate",
        "FPR": "macro_false_positive_rate",
        "PPV": "macro_positive_predictive_value",
        "Brier": "macro_brier_score",
    },
    gaps={
        "ES macro AUC": "es_macro_auc",
        "worst macro AUC": "macro_auc_worst",
        "macro AUC gap": "macro_auc_difference",
        "macro DPD": "macro_demographic_parity_difference",
        "macro EOD": "macro_equalized_odds_difference",
    },
    brief=4,
)


NONE = "the scores are no probabilities"


def is_shown(target: IntArray, patients: Array, settings: Settings) -> bool:
    """Whether enough people (n,) are positive, and negative, of a label (n,) to be shown."""
    people = [np.unique(patients[target == k]).size for k in (0, 1)]
    return bool(min(people) >= max(1, settings.least_of_class))


def macro(
    cases: Cases,
    names: Names,
    target: IntArray,
    score: FloatArray,
    thresholds: FloatArray,
    settings: Settings,
) -> Measured:
    """The means over labels of everything that a binary score has.

    Args:
        cases: all images.
        names: of the report.
        target: (n, L) 0 or 1, -1 where unknown.
        score: (n, L).
        thresholds: (L,).
        settings: bins of the calibration error.
    """
    parts = tuple(
        BinaryScores(target[:, k], score[:, k], float(cut), settings.calibration_bins)
        for k, cut in enumerate(thresholds)
    )
    known = target >= 0
    reasons = {} if ((score >= 0) & (score <= 1))[known].all() else {"macro_brier_score": NONE}
    return Measured(names, cases, MacroScores(parts, known.T), "macro", meaningless=reasons)


def micro(names: Names, averages: Measured) -> Measured:
    """Every known label of every image as a case of its own, each at its label's threshold.

    Args:
        names: of the report.
        averages: the macro averages of the labels.
    """
    assert isinstance(averages.measures, MacroScores)
    measures, rows = micro_average(averages.measures)
    cases = Outcomes(
        **vars(averages.cases),
        target=np.zeros(len(averages.cases), dtype=np.int64),
        score=np.zeros(len(averages.cases)),
    ).take(rows)
    outcomes = replace(cases, target=measures.positive, score=measures.score)
    over = replace(names, model=f"{names.model}, labels together (micro)")
    reasons = {"brier_score": NONE} if averages.meaningless else {}
    return Measured(over, outcomes, measures, "classification", meaningless=reasons, rows=rows)
