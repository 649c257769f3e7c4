"""A table of text with its notes, for Markdown and the page, and how numbers are written in it."""

from dataclasses import dataclass

from audit.report import layout

NAMES = {
    "auc": "AUC",
    "true_positive_rate": "TPR",
    "false_positive_rate": "FPR",
    "positive_predictive_value": "PPV",
    "negative_predictive_value": "NPV",
    "selection_rate": "selected",
    "accuracy": "accuracy",
    "brier_score": "Brier",
    "net_benefit": "net benefit",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "calibration_error": "calibration error",
}


@dataclass(frozen=True)
class TextTable:
    """One table with its notes."""

    title: str
    notes: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def p_or_none(p: float | None) -> str:
    """A p-value, or nothing."""
    return "" if p is None else layout.p_number(p)
