"""`fair-audit report`: a fairness report from anybody's predictions, without a server."""

from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from rich.console import Console

from audit.analysis import finish
from audit.flags import Source
from audit.options import AnalysisOptions
from audit.plan import check_writable
from audit.plan_analysis import plan_analysis
from audit.provenance import of_file
from audit.records.outcomes import private_folder, write_outcomes
from audit.records.predictions import Columns, read_predictions
from audit.threshold import read_threshold
from fairness.errors import UsageError
from fairness.outcomes import Names

HELP = """A fairness report from anybody's predictions: no server, no images.

Examples:

  fair-audit report --from reports/fairclip/RUN/records/outcomes.parquet --out again

  fair-audit report --from scores.csv --target disease --score p --attributes sex,race \\
      --patient subject --threshold threshold.json --policy policy.yaml --out reports/ours
"""


@dataclass(frozen=True)
class ReportOptions:
    """Flags of `fair-audit report`."""

    source: Source
    """Parquet or csv, one row a sample."""
    columns: tyro.conf.OmitArgPrefixes[Columns]
    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    out: Path
    """Folder to write report/ and records/ into."""
    threshold: str = "0.5"
    """A number, or a threshold.json of `fair-audit threshold`."""
    name: str | None = None
    """What the report calls the model; without it, as the file says, or `predictions`."""


def report(arguments: list[str], console: Console) -> int:
    """`fair-audit report`; the exit code."""
    options = tyro.cli(ReportOptions, prog="fair-audit report", description=HELP, args=arguments)
    if (options.out / "records" / "journal.sqlite").exists():
        raise UsageError(f"--out {options.out} holds the run of a served model; name another")
    check_writable(options.out)
    predictions = read_predictions(options.source, options.columns)
    answered, digest, kind = predictions.answered, predictions.split_sha256, predictions.task
    threshold = None if kind.answers_masks else read_threshold(options.threshold, digest)
    task = kind.make(None if threshold is None else threshold.value, None, distances=True)
    names = predictions.names or Names("predictions", "file", options.source.name)
    if options.name is not None:
        names = replace(names, model=options.name)
    plan = plan_analysis(options.analysis, task, answered, names, complete=True)
    records = private_folder(options.out / "records")
    write_outcomes(records / "outcomes.parquet", answered, task.stored, digest, names)
    provenance = of_file(options.source, names, predictions, threshold)
    code = finish(answered, provenance, plan, options.out, console)
    console.print(f"report: {options.out / 'report' / 'report.md'}", highlight=False)
    return code
