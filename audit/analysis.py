"""From outcomes to a finished report: statistics, files, verdict, exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from audit.judging import judged
from audit.plan_analysis import AnalysisPlan, groupings_of_decided
from audit.policy.verdict import without_pass
from audit.report.files import write_report
from audit.report.github import annotations
from audit.report.meanings import partial_line
from audit.report.original_results import original_results
from audit.report.reader_tables import reader_tables
from audit.report.terminal import print_report, print_text_tables
from audit.tracking import log_to_mlflow
from audit.tracking_wandb import log_to_wandb
from audit.waiting import waiting
from fairness.beside.beside import beside_of
from fairness.beside.by_reader import Against
from fairness.beside.readers import said_of_readers, with_readers
from fairness.beside.tables import Beside
from fairness.beside.weigh import said_of, weighed, weights_in
from fairness.compat.compared import Compared
from fairness.decided import decided
from fairness.disclosure.labels import divided
from fairness.groups import Grouping
from fairness.missingness import unrecorded
from fairness.outcomes import Answered, GroupReport
from fairness.summary import summarise_all


def finish(
    answered: Answered,
    provenance: Mapping[str, Any],
    plan: AnalysisPlan,
    out: Path,
    console: Console,
) -> int:
    """Analyse, write `out/report`, print the tables, judge the first one; the exit code.

    A partial report is held to no baseline and no plan, logged nowhere, and no check passes.

    Raises:
        UsageError: the baseline has other samples than those that were scored.
    """
    options, settings = plan.options, plan.options.settings
    everything, answered = answered, decided(answered)
    provenance = {**provenance, **plan.task.notes(answered)}
    if everything.reader_labels:
        provenance = {**provenance, "reader_labels": said_of_readers(everything, settings)}
    measured = plan.task.measured(answered, plan.names, settings)
    if (weight := options.beside.weight) is not None:
        measured = weighed(measured, weights_in(answered.cases, weight))
        provenance = {
            **provenance,
            "weights": said_of(answered.cases, weight, settings.suppress_below),
        }
    whole, parts, stratum = groupings_of_decided(everything, options)
    groupings = divided(plan.task, answered, measured, parts, stratum, settings)
    with waiting(f"resampling the patients of {len(answered.cases)} rows", console) as wait:
        report = summarise_all(measured, groupings, provenance, settings, wait.reached)
    labelled = [k for k, one in enumerate(measured) if one.names.label] or [0]
    missing = unrecorded(
        [measured[k] for k in labelled], [groupings[k] for k in labelled], settings
    )
    report = replace(report, unrecorded=missing)
    judgement, partial = None, partial_line(provenance)
    if plan.policy is not None:
        with waiting(f"judging by {plan.options.policy}", console):
            judgement = judged(plan.policy, plan, answered, measured, groupings, report)
        judgement = without_pass(judgement, partial) if partial else judgement
    compared: Sequence[Compared] = ()
    if options.compat is not None:
        compared = plan.task.originals[options.compat](answered, settings.suppress_below)
    original = None
    if options.compat == "fairclip":
        original = original_results(report, compared, provenance["data"]["path"])
    against = Against(everything, measured[0], groupings[0], whole, report)
    with waiting("numbers beside those of the report", console):
        beside = all_beside(against, parts, answered, plan, console)
    write_report(out / "report", report, judgement, compared, original, beside)
    print_report(report, judgement, compared, console)
    print_text_tables(reader_tables(beside, brief=True) if beside else (), console)
    for line in annotations(judgement) if judgement and options.format == "github" else ():
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    verdict = judgement.verdict if judgement else None
    log(report, verdict, plan, out / "report", console)
    if judgement is None:
        return 0
    return {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4 if options.strict else 0}[judgement.verdict]


def log(
    report: GroupReport, verdict: str | None, plan: AnalysisPlan, folder: Path, console: Console
) -> None:
    """Log a report to where the flags say, and print to where that is."""
    options = plan.options
    if options.mlflow is not None:
        run = log_to_mlflow(options.mlflow, report, verdict, folder)
        console.print(f"mlflow: run {run}", highlight=False, markup=False)
    if options.wandb is not None:
        place = log_to_wandb(options.wandb, report, verdict, folder)
        console.print(f"wandb: {place}", highlight=False, markup=False)


def all_beside(
    against: Against,
    parts: Sequence[Grouping],
    answered: Answered,
    plan: AnalysisPlan,
    console: Console,
) -> Beside | None:
    """What flags, and the labels of several readers, ask for beside a report.

    Args:
        against: the report, and everything that it is of.
        parts: groupings of the samples whose label is decided.
        answered: these.
        plan: of the analysis.
        console: told where the range of decision curves comes from.
    """
    if plan.range_said:
        console.print(f"note: {plan.range_said}", highlight=False, markup=False)
    settings = plan.options.settings
    asked = plan.options.beside.asked(plan.task, list(parts), answered.cases)
    asked = replace(asked, redrawn=plan.redrawn, range_said=plan.range_said)
    beside = beside_of(against.measured, against.groupings, against.report, asked, settings)
    if not against.everything.reader_labels:
        return beside
    return with_readers(beside, against, settings)
