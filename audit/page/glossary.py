"""What the numbers of a page mean, each in one line."""

from collections.abc import Sequence

from fairness.outcomes import GroupReport
from fairness.tasks.catalogue import tables_of

WHOLE = {
    "demographic_parity_difference": "largest difference between two groups in the share selected",
    "equalized_odds_difference": "the larger of the largest differences in TPR and in FPR",
    "counterfactual_spread": "largest less smallest score of a sample over all groups, on average",
    "counterfactual_flip": "share of samples whose decision depends on the group alone",
    "vertical_cdr_error": "error of the vertical cup-to-disc ratio, on average",
    "quadratic_weighted_kappa": "agreement on ordered classes beyond chance; a miss by two steps "
    "weighs four times one by one",
}
"""Metrics by name, without the `macro_` of means over labels."""

BEGINNINGS = {
    "es_": "equity-scaled: the number of everybody whose group is known, divided by 1 + the summed "
    "distances of the groups from it; the same number where groups are alike",
}

ENDS = {
    "_worst": "the number of the worst group",
    "_difference": "largest difference between two groups",
    "_dice_tail": "share of cases with a Dice below 0.5",
    "_hd95_mm": "distance in mm that 95 % of the surface is off by at most",
    "_hd95": "distance in pixels that 95 % of the surface is off by at most",
    "_missed": "share of the cases with the structure in which nothing of it was found",
    "dice": "overlap of mask and reference, twice their common area by the sum of both; 1 is best",
    "_iou": "common area of mask and reference by the area of both together; 1 is best",
    "auc": "chance that a positive scores above a negative; 0.5 is guessing",
    "selection_rate": "share with a score from the threshold on",
    "true_positive_rate": "share of the positives that are found (sensitivity)",
    "false_positive_rate": "share of the negatives that are taken for positive",
    "positive_predictive_value": "share of those selected that are positive",
    "brier_score": "mean squared error of the probability; 0 is best",
    "balanced_accuracy": "mean over the classes of the share that is right",
    "accuracy": "share that is right",
}

COMMON = (
    ("[a, b]", "interval of the number before it, at the confidence of the report, of it alone"),
    ("joint", "holds for all pairs of the attribute together"),
    (
        "p (adjusted)",
        "how often chance alone makes so large a gap; adjusted for several attributes",
    ),
    ("detectable", "difference that the joint test would find; a smaller one may stay unseen"),
    ("a | b", "groups of a inside one stratum of b: intervals and no tests of their largest gaps"),
    ("unknown as a group", "how gaps depend on those without a record; not tested either"),
)


def glossary(reports: Sequence[GroupReport]) -> list[tuple[str, str]]:
    """Label to meaning of every number that the reports show, then the words around them."""
    found: dict[str, str] = {}
    for report in reports:
        tables = tables_of(report)
        present = {row.metric for row in report.rows}
        for label, metric in {**tables.groups, **tables.gaps}.items():
            if metric in present and (text := meaning(metric)):
                found.setdefault(label, text)
    return [*found.items(), *COMMON]


def meaning(metric: str) -> str:
    """Of one metric by its name; empty where there is nothing to say."""
    macro = metric.startswith("macro_") or "_macro_" in metric
    name = metric.removeprefix("macro_")
    if name in WHOLE:
        text = WHOLE[name]
    else:
        beginnings = (text for start, text in BEGINNINGS.items() if name.startswith(start))
        ends = (text for end, text in ENDS.items() if name.endswith(end))
        text = next(beginnings, "") or next(ends, "")
    return f"{text}; the mean over the labels" if macro and text else text
