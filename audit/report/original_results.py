"""A row of results as the released FairCLIP writes it, under names that say what each number is.

Its order is that of the original's `best_<perf_file>`: epoch, accuracy, equity-scaled accuracies,
AUC, equity-scaled AUCs, AUCs of groups, DPD and EOD, then the spread of the groups' AUCs. The
original writes the header for 3, 2, 2 and 3 groups whatever the data hold, so its columns shift
where a group is absent; here that group's cell is empty.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from audit.report.layout import HIDDEN, compat_lines
from fairness.attributes import ALL, OVERALL
from fairness.compat.compared import Compared
from fairness.outcomes import GroupReport
from fairness.tables.original_predictions import ATTRIBUTES
from fairness.text import csv_cell

BY_ATTRIBUTE = (
    ("es_acc", "es_accuracy"),
    ("es_auc", "es_auc"),
    ("dpd", "demographic_parity_difference"),
    ("eod", "equalized_odds_difference"),
)
"""The original's words, and ours."""
SPREADS = (
    ("std_group_disparity", "std_auc_disparity"),
    ("max_group_disparity", "max_auc_disparity"),
)


def original_results(report: GroupReport, compared: Sequence[Compared], source: str) -> str:
    """A csv of one row; a hidden or undefined number is empty.

    Args:
        report: by which it is decided what is hidden.
        compared: of `compat_fairclip`.
        source: where the scores come from; `epNNN` in its name is the epoch.
    """
    lines = compat_lines(report, compared)
    values = {
        (one.attribute, one.group, one.metric): None if line[3] == HIDDEN else one.original
        for one, line in zip(compared, lines, strict=True)
    }
    epoch = re.search(r"ep(\d{1,9})", Path(source).name)
    row: dict[str, object] = {"epoch": int(epoch[1]) if epoch else None}
    row["acc"] = values.get((OVERALL, ALL, "accuracy"))
    row |= _of_each(values, *BY_ATTRIBUTE[0])
    row["auc"] = values.get((OVERALL, ALL, "auc"))
    row |= _of_each(values, *BY_ATTRIBUTE[1])
    for number, attribute in enumerate(ATTRIBUTES):
        for code, group in enumerate(attribute.groups):
            row[f"auc_attr{number}_group{code}"] = values.get((attribute.name, group, "auc"))
    for theirs, ours in BY_ATTRIBUTE[2:]:
        row |= _of_each(values, theirs, ours)
    for number, attribute in enumerate(ATTRIBUTES):
        for theirs, ours in SPREADS:
            row[f"auc_attr{number}_{theirs}"] = values.get((attribute.name, ALL, ours))
    row["path"] = source
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(row)
    writer.writerow(map(csv_cell, row.values()))
    return text.getvalue()


def _of_each(
    values: dict[tuple[str, str, str], float | None], theirs: str, ours: str
) -> dict[str, float | None]:
    return {
        f"{theirs}_attr{number}": values.get((attribute.name, ALL, ours))
        for number, attribute in enumerate(ATTRIBUTES)
    }
