"""Whether the numbers of a site's file can all be true at once."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from fairness.attributes import ALL, OVERALL, UNKNOWN_LABEL
from fairness.pooling.bins import BINS, place_of
from fairness.pooling.cells import Cells
from fairness.pooling.members import METRICS
from fairness.pooling.pooled_auc import undecided
from fairness.pooling.summary import Attribute, Part, SiteSummary
from fairness.pooling.sums import Sums
from fairness.text import one_line

SLACK = 1e-6
RESERVED = (OVERALL, ALL, UNKNOWN_LABEL)
MOST_NAMES = 200
"""Characters of a name."""
MOST_CASES = 10_000_000
"""Of a file: each takes some memory where it is pooled."""


def check(summary: SiteSummary) -> None:
    """Raises ValueError saying what cannot be."""
    texts = [summary.site, summary.label, summary.dataset, summary.split, summary.model.name]
    names = [attribute.name for attribute in summary.attributes]
    for text in (*texts, *names, *(g for a in summary.attributes for g in a.groups)):
        if not text or len(text) > MOST_NAMES or text != one_line(text):
            raise ValueError(f"'{one_line(text)[:40]}' is no name")
    if len(set(names)) < len(names) or set(names) & set(RESERVED):
        raise ValueError("an attribute is there twice, or has a reserved name")
    if not math.isfinite(summary.threshold) or summary.bins != BINS:
        raise ValueError(f"the threshold is no number, or the bins are not {BINS}")
    limit = float(place_of(np.array([summary.threshold]))[0])
    check_part(summary.everybody, limit, summary.least)
    if summary.people != summary.everybody.people:
        raise ValueError("its people are not those of everybody")
    for attribute in summary.attributes:
        check_attribute(attribute, summary.everybody)
        for part in attribute.parts:
            check_part(part, limit, summary.least)


def check_attribute(attribute: Attribute, everybody: Part) -> None:
    """Raises ValueError where groups do not add up."""
    shown = [part.group for part in attribute.parts]
    if sorted([*shown, *attribute.withheld]) != sorted(set(attribute.groups)) or len(
        set(attribute.groups)
    ) < len(attribute.groups):
        raise ValueError(f"groups of {attribute.name} are missing, or there twice")
    for k in (0, 1):
        if sum(part.cases[k] for part in attribute.parts) > everybody.cases[k]:
            raise ValueError(f"groups of {attribute.name} have more cases than there are")


def check_part(part: Part, limit: float, least: int) -> None:
    """Raises ValueError where the numbers of one group do not fit each other."""
    where = f"group {part.group}"
    negatives, positives = part.cases
    for cells, cases in ((part.negatives, negatives), (part.positives, positives)):
        check_cells(cells, limit, where)
        if not 2 <= cases <= MOST_CASES:
            raise ValueError(f"{where} has fewer than 2 cases of a class, or above {MOST_CASES:,}")
    if min(part.people_of_class) < max(least, 2) or part.people < max(part.people_of_class):
        raise ValueError(f"{where} has fewer people of a class than may be shown")
    if part.people > negatives + positives or sum(part.people_of_class) < part.people:
        raise ValueError(f"the people of {where} are not those of its cases")
    for k in (0, 1):
        if not 1 - SLACK <= part.effective_of_class[k] <= part.people_of_class[k] + SLACK:
            raise ValueError(f"the effective patients of {where} are none, or more than its people")
    check_sums(part, limit, where)
    auc = part.auc
    numbers = (auc.value, auc.variance, auc.design_effect)
    ends = (1.0, 1.0, negatives + positives)  # all cases may be one another's copies
    if not all(0 <= one <= end for one, end in zip(numbers, ends, strict=True)):
        raise ValueError(f"the AUC of {where} is no number")
    won, possible = undecided(part.positives, part.negatives)
    pairs = negatives * positives
    if not won / pairs - SLACK <= auc.value <= possible / pairs + SLACK:
        raise ValueError(f"the AUC of {where} is not that of its histogram")


def check_cells(cells: Cells, limit: float, where: str) -> None:
    """Raises ValueError where it is no histogram of the whole scale, cut at the threshold."""
    edges, counts = cells.edges, cells.counts
    ascending = all(a <= b for a, b in itertools.pairwise(edges))
    if not counts or len(edges) != len(counts) + 1 or min(counts) < 0 or not ascending:
        raise ValueError(f"a histogram of {where} has no such edges or counts")
    if edges[0] != 0 or edges[-1] != BINS or not any(abs(e - limit) < SLACK for e in edges):
        raise ValueError(f"a histogram of {where} does not end where the scale and threshold do")


def check_sums(part: Part, limit: float, where: str) -> None:
    """Raises ValueError where sums are missing, impossible, or not those of the histogram."""
    wanted = [metric for metric in METRICS if metric.name != "auc"]
    if set(part.sums) != {metric.name for metric in wanted}:
        raise ValueError(f"{where} lacks the sums of a metric, or has others")
    for metric in wanted:
        low, high = (0.0, 1.0) if metric.kind == "share" else metric.span
        if not possible_sums(part.sums[metric.name], low, high, part.people):
            raise ValueError(f"the sums of {metric.name} in {where} are impossible")
    negatives, positives = part.cases
    hits = [above(cells, limit) for cells in (part.positives, part.negatives)]
    tpr, fpr = part.sums["true_positive_rate"], part.sums["false_positive_rate"]
    stated = [(tpr.total, tpr.cases), (fpr.total, fpr.cases)]
    if stated != list(zip(hits, (positives, negatives), strict=True)):
        raise ValueError(f"the rates of {where} are not those of its histogram")
    selected, of = part.sums["selection_rate"], negatives + positives
    correct = part.sums["accuracy"]
    if selected.total != sum(hits) or {selected.cases, correct.cases} != {of}:
        raise ValueError(f"the shares of {where} are not those of its histogram")


def possible_sums(sums: Sums, low: float, high: float, people: int) -> bool:
    """Whether numbers between two ends, of so many people at most, can have these sums."""
    most = float(sums.cases) ** 2 if 0 <= sums.cases <= 2 * MOST_CASES else -1.0
    if not all(abs(one) <= most + SLACK for one in (sums.xx, sums.xn, sums.nn)):
        return False
    if not 0 <= sums.patients <= min(people, sums.cases) or min(sums.xx, sums.nn) < 0:
        return False
    inside = low * sums.cases - SLACK <= sums.total <= high * sums.cases + SLACK
    return inside and sums.xn**2 <= sums.xx * sums.nn * (1 + SLACK) + SLACK


def above(cells: Cells, limit: float) -> int:
    """Cases from the threshold on; the last edge there, where cells of no width lie at an end."""
    at = [k for k, edge in enumerate(cells.edges) if abs(edge - limit) < SLACK]
    return sum(cells.counts[at[0] if limit < BINS else at[-1] :])


def names_of(summaries: Sequence[SiteSummary]) -> list[str]:
    """Attributes of any of the sites, in order."""
    return list(dict.fromkeys(a.name for one in summaries for a in one.attributes))
