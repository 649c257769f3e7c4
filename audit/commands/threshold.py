"""`fair-audit threshold`: choose an operating threshold on validation."""

from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console

from audit.flags import Source
from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from audit.threshold import ChosenThreshold, choose_each, write_threshold
from audit.waiting import waiting
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP

HELP = """Choose an operating threshold on validation, for `fair-audit --threshold`; of several
labels one for each.

Examples:

  fair-audit --split val --out reports/val

  fair-audit threshold --from reports/val/records/outcomes.parquet --rule sensitivity:0.9
"""


@dataclass(frozen=True)
class ThresholdOptions:
    """Flags of `fair-audit threshold`."""

    source: Source
    """Parquet or csv, one row a sample."""
    columns: tyro.conf.OmitArgPrefixes[Columns]
    rule: str = "youden"
    """youden, fixed:0.5, sensitivity:0.9 or specificity:0.9."""
    split: str = "val"
    """Name of the split that the file holds."""
    out: Path = Path("threshold.json")
    """File to write."""


def threshold(arguments: list[str], console: Console) -> int:
    """`fair-audit threshold`; the exit code."""
    options = tyro.cli(
        ThresholdOptions, prog="fair-audit threshold", description=HELP + DEBUG_HELP, args=arguments
    )
    with waiting(f"reading {options.source}", console):
        predictions = read_predictions(options.source, options.columns)
    for note in predictions.notes:
        console.print(f"note: {note}", highlight=False, markup=False)
    if not predictions.task.has_threshold:
        what = "masks have" if predictions.task.answers_masks else "classes have"
        raise UsageError(f"--from {options.source}: {what} no threshold to choose")
    labels = predictions.choices.names if predictions.task.of_labels else ()
    values = choose_each(predictions.answered, labels, options.rule)
    chosen = ChosenThreshold(
        value=next(iter(values.values())),
        by_label={label: value for label, value in values.items() if label},
        rule=options.rule,
        split=options.split,
        split_sha256=predictions.split_sha256,
        cases_sha256=predictions.cases_sha256,
    )
    write_threshold(options.out, chosen)
    for label, value in values.items():
        of_label = f" for {label}" if label else ""
        said = f"{value:.6g} by {options.rule}{of_label}, written to {options.out}"
        console.print(said, highlight=False, markup=False)
    return 0
