"""`fair-audit report`: a fairness report from anybody's predictions, without a server."""

from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from rich.console import Console

from audit.analysis import finish
from audit.design.plan_file import remarks_on
from audit.flags import MetricsFile, Source
from audit.options import AnalysisOptions
from audit.out_folder import check_writable
from audit.plan_analysis import plan_analysis
from audit.prometheus import check_metrics_file, write_metrics
from audit.provenance import of_file
from audit.records.columns import Columns
from audit.records.outcomes import private_folder, write_outcomes
from audit.records.predictions import Predictions, read_predictions
from audit.report.terminal import say_where
from audit.threshold import read_threshold
from audit.threshold_runs import Operating
from audit.waiting import waiting
from fairness.contract import Threshold
from fairness.errors import UsageError
from fairness.guard import DEBUG_HELP
from fairness.outcomes import Names
from fairness.tables.table import release

HELP = """A fairness report from anybody's predictions: no server, no images.

Several labels have a column of labels and one of scores each, in the same order; classes have one
column of their names, and one of scores each.

Examples:

  fair-audit report --from reports/fairclip/RUN/records/outcomes.parquet --out again

  fair-audit report --from scores.csv --target disease --score p --attributes sex,race \\
      --patient subject --threshold threshold.json --policy policy.yaml --out reports/ours

  fair-audit report --from chest.csv --target Effusion,Mass --score p_effusion,p_mass \\
      --attributes sex --threshold 0.5,Mass=0.3 --out reports/chest

  fair-audit report --from pred_gt_ep007.npz --compat fairclip --out reports/original

  fair-audit report --from grades.csv --target grade --score none,mild,severe --ordered \\
      --attributes sex --out reports/grades

  fair-audit report --from scores.csv --metadata patients.csv --on id --score-type logit \\
      --attributes sex,race --out reports/joined
"""


@dataclass(frozen=True)
class ReportOptions:
    """Flags of `fair-audit report`."""

    source: Source
    """Parquet or csv, one row a sample; or FairCLIP's own pred_gt_epNNN.npz."""
    columns: tyro.conf.OmitArgPrefixes[Columns]
    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    out: Path
    """Folder to write report/ and records/ into."""
    threshold: str | None = None
    """A number, or a threshold.json of `fair-audit threshold`; 0.5 where scores lie in 0..1.

    Of several labels also Mass=0.3,Nodule=0.4, or 0.5,Mass=0.3: 0.5 for all others.
    """
    name: str | None = None
    """What the report calls the model; without it, as the file says, or `predictions`."""
    metrics_file: MetricsFile = None
    """Also write the numbers here, for Prometheus by node exporter's textfile collector."""


def report(arguments: list[str], console: Console) -> int:
    """`fair-audit report`; the exit code."""
    options = tyro.cli(
        ReportOptions, prog="fair-audit report", description=HELP + DEBUG_HELP, args=arguments
    )
    if (options.out / "records" / "journal.sqlite").exists():
        raise UsageError(f"--out {options.out} holds the run of a served model; name another")
    check_writable(options.out)
    check_metrics_file(options.metrics_file)
    with waiting(f"reading {options.source}", console):
        predictions = read_predictions(options.source, options.columns)
    answered, digest, kind = predictions.everything, predictions.split_sha256, predictions.task
    if options.threshold is not None and not kind.has_threshold:
        raise UsageError(f"--threshold: a {kind.kind} has none; leave it out")
    threshold = threshold_of(options, predictions) if kind.has_threshold else None
    task = kind.make(replace(predictions.choices, threshold=threshold)).holding(answered)
    names = predictions.names or Names("predictions", "file", options.source.name)
    if options.name is not None:
        names = replace(names, model=options.name)
    with waiting("checking what is asked for", console):
        at = Operating(threshold)
        plan = plan_analysis(options.analysis, task, answered, names, at, complete=True)
    plan = replace(plan, remarks=remarks_on(plan.before, options.source))
    for note in (*predictions.notes, *plan.remarks):
        console.print(f"note: {note}", highlight=False, markup=False)
    records = private_folder(options.out / "records")
    write_outcomes(records / "outcomes.parquet", answered, task.stored, digest, names, task)
    release()
    provenance = of_file(options.source, names, predictions, threshold, ["report", *arguments])
    code = finish(answered, provenance, plan, options.out, console)
    say_where(options.out, console)
    if options.metrics_file is not None:
        write_metrics(options.metrics_file, [options.out])
        console.print(f"metrics: {options.metrics_file}", highlight=False, markup=False)
    return code


def threshold_of(options: ReportOptions, predictions: Predictions) -> Threshold:
    """The operating point: given, or 0.5 where the scores may be probabilities.

    Raises:
        UsageError: none is given for scores on another scale; or the given one cannot be used.
    """
    names = predictions.choices.names
    if options.threshold is not None:
        digest, same = predictions.split_sha256, predictions.cases_sha256
        return read_threshold(options.threshold, digest, same, names)
    scores = predictions.answered.values.values()
    low, high = min(one.min() for one in scores), max(one.max() for one in scores)
    if low < 0 or high > 1:
        raise UsageError(
            f"{options.source}: '{options.columns.score}' goes from {low:.4g} to {high:.4g}, "
            "outside 0..1, where 0.5 means nothing; give the score from which on a case counts as "
            "positive with --threshold, choose one with fair-audit threshold, or say --score-type "
            "logit if they are logarithms of odds"
        )
    return read_threshold("0.5", predictions.split_sha256)
