"""The commands beside the audit itself: `report`, `threshold`, `inspect`."""

import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from audit.analysis import AnalysisOptions, finish
from fairness.tasks.measured import scored, segmented
from audit.inspection import inspect_folder
from audit.records.predictions import Columns, Predictions, read_predictions
from audit.records.outcomes import private_folder, write_outcomes
from audit.threshold import choose, read_threshold, write_threshold
from fairness.contract import Threshold
from fairness.errors import UsageError
from fairness.outcomes import Outcomes
from fairness.summary import Names

Source = Annotated[Path, tyro.conf.arg(name="from", metavar="FILE")]

REPORT_HELP = """A fairness report from anybody's predictions: no server, no images.

Examples:

  fair-audit report --from reports/fairclip/RUN/records/outcomes.parquet --out again

  fair-audit report --from scores.csv --target disease --score p --attributes sex,race \\
      --patient subject --threshold threshold.json --policy policy.yaml --out reports/ours
"""
THRESHOLD_HELP = """Choose an operating threshold on validation, for `fair-audit --threshold`.

Examples:

  fair-audit --split val --out reports/val

  fair-audit threshold --from reports/val/records/outcomes.parquet --rule sensitivity:0.9
"""
INSPECT_HELP = """What a data set can show, before any inference: groups by label, unknown values,
duplicates, patients that cross splits, and the gaps that each group could show.

Examples:

  fair-audit inspect data/fairvlmed

  fair-audit inspect data/GRAPE --target progression_plr2
"""


@dataclass(frozen=True)
class FileOptions:
    """Which column of the file is what."""

    source: Source
    """Parquet or csv, one row a sample."""
    target: str = "target"
    """Column of the label."""
    score: str = "score"
    """Column of the score; higher means more likely positive."""
    attributes: str = ""
    """Columns of the groups, separated by commas; without it, those of known attributes."""
    id: str = "id"
    """Column of the sample's id; absent: row numbers."""
    patient: str = "patient"
    """Column of the patient; absent: every row is a patient of its own."""
    positive: str = "1"
    """Value of the label that counts as positive."""

    def read(self) -> Predictions:
        """Read the file."""
        columns = Columns(
            target=self.target,
            score=self.score,
            attributes=names_in(self.attributes),
            id=self.id,
            patient=self.patient,
            positive=self.positive,
        )
        return read_predictions(self.source, columns)


@dataclass(frozen=True)
class ReportOptions:
    """The flags of `fair-audit report`."""

    file: tyro.conf.OmitArgPrefixes[FileOptions]
    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    out: Path
    """Folder to write report/ and records/ into."""
    threshold: str = "0.5"
    """A number, or a threshold.json of `fair-audit threshold`."""
    name: str | None = None
    """What the report calls the model; without it, as the file says, or `predictions`."""


@dataclass(frozen=True)
class ThresholdOptions:
    """The flags of `fair-audit threshold`."""

    file: tyro.conf.OmitArgPrefixes[FileOptions]
    rule: str = "youden"
    """youden, fixed:0.5, sensitivity:0.9 or specificity:0.9."""
    split: str = "val"
    """Name of the split that the file holds."""
    out: Path = Path("threshold.json")
    """File to write."""


@dataclass(frozen=True)
class InspectOptions:
    """The arguments of `fair-audit inspect`."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """Folder of the data set."""
    dataset: str = "fairvlmed"
    """Which reader understands it."""
    target: str = "glaucoma"
    """0/1 key to look at."""


def report(arguments: list[str], console: Console) -> int:
    """`fair-audit report`; the exit code."""
    options = tyro.cli(
        ReportOptions, prog="fair-audit report", description=REPORT_HELP, args=arguments
    )
    if (options.out / "records" / "journal.sqlite").exists():
        raise UsageError(f"--out {options.out} holds the run of a served model; name another")
    predictions = options.file.read()
    outcomes, digest = predictions.outcomes, predictions.split_sha256
    threshold = None
    if isinstance(outcomes, Outcomes):
        threshold = read_threshold(options.threshold, digest)
    names = predictions.names or Names("predictions", "file", options.file.source.name)
    if options.name is not None:
        names = replace(names, model=options.name)
    records = private_folder(options.out / "records")
    write_outcomes(records / "outcomes.parquet", outcomes, digest, names)
    if isinstance(outcomes, Outcomes):
        assert threshold is not None  # every classifier's answers are judged at one
        audited = scored(outcomes, threshold.value, names)
    else:
        audited = segmented(outcomes, names)
    code = finish(
        [audited],
        provenance_of(options.file.source, names, predictions, threshold),
        options.analysis,
        options.out,
        console,
    )
    console.print(f"report: {options.out / 'report' / 'report.md'}", highlight=False)
    return code


def threshold(arguments: list[str], console: Console) -> int:
    """`fair-audit threshold`; the exit code."""
    options = tyro.cli(
        ThresholdOptions, prog="fair-audit threshold", description=THRESHOLD_HELP, args=arguments
    )
    predictions = options.file.read()
    outcomes = predictions.outcomes
    if not isinstance(outcomes, Outcomes):
        raise UsageError(f"--from {options.file.source}: masks have no threshold to choose")
    value = choose(outcomes.target, outcomes.score, options.rule)
    chosen = Threshold(
        value=value, rule=options.rule, split=options.split, split_sha256=predictions.split_sha256
    )
    write_threshold(options.out, chosen)
    console.print(f"{value:.6g} by {options.rule}, written to {options.out}", highlight=False)
    return 0


def inspect(arguments: list[str], console: Console) -> int:
    """`fair-audit inspect`; the exit code."""
    options = tyro.cli(
        InspectOptions, prog="fair-audit inspect", description=INSPECT_HELP, args=arguments
    )
    inspect_folder(options.dataset, options.folder, options.target, console)
    return 0


def names_in(text: str) -> tuple[str, ...]:
    """The names in a text that separates them by commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def provenance_of(
    source: Path, names: Names, predictions: Predictions, threshold: Threshold | None
) -> dict[str, Any]:
    """What was measured, on what, with what."""
    return {
        "what_answered": f"{names.model}: scores as found in the file, nothing was asked",
        "model": {"name": names.model},
        "data": {
            "dataset": names.dataset,
            "split": names.split,
            "path": str(source),
            "split_sha256": predictions.split_sha256,
            "n": len(predictions.outcomes),
            "n_skipped": 0,
            "statement": "",
        },
        "threshold": asdict(threshold) if threshold else None,
        "tool": {"name": "fair-audit", "version": version("fair-audit-triton")},
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
