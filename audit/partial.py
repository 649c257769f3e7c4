"""What is left behind by a run that is interrupted: a report of the answers that there are.

It lies in records/, never in report/. A partial and a complete report of the same split are related
tables: subtracting one from the other gives the counts of the images that came last, however few
they are, and no rule that hides small groups holds over both. It stays with the data's owner.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from audit.analysis import finish
from audit.plan import JOURNAL, Plan
from audit.plan_analysis import AnalysisPlan
from audit.provenance import Speed, of_served_model
from audit.records.journal import Journal
from fairness.errors import FairAuditError, RunInterruptedError, RunTerminatedError
from fairness.evaluate import joined
from fairness.guard import Terminated

PARTIAL = Path("records", "partial")
"""Where a run's folder keeps its partial report, until the complete one is there."""

RESUME = "go on with the same command and --resume"


def interrupted(
    plan: Plan, stop: KeyboardInterrupt, proved: str, words: Sequence[str], console: Console
) -> RunInterruptedError:
    """Write the partial report of a run; the error that says so. Ctrl-C again ends it at once.

    Args:
        plan: of the run, whose journal is closed.
        stop: Ctrl-C, or SIGTERM.
        proved: of the model, before the run.
        words: the command line.
        console: for the tables.
    """
    kind = RunTerminatedError if isinstance(stop, Terminated) else RunInterruptedError
    if not (plan.out / JOURNAL).exists():
        return kind("interrupted; run the same command again")
    if plan.options.shard is not None:
        return kind(f"interrupted; {RESUME}")
    try:
        left = write_partial(plan, proved, words, console)
    except KeyboardInterrupt:
        left = "without a partial report"
    except FairAuditError as error:  # too few answers for it, say
        left = f"without a partial report ({error})"
    return kind(f"interrupted{left and f', {left}'}; {RESUME}")


def write_partial(plan: Plan, proved: str, words: Sequence[str], console: Console) -> str:
    """Analyse what the journal holds, in words; empty where that is nothing, or everything.

    Raises:
        FairAuditError: it cannot be analysed.
    """
    with Journal(plan.out / JOURNAL, plan.identity, resume=True) as journal:
        found = journal.readings(plan.task)
    if not 0 < len(found) < len(plan.split):
        return ""
    said = f"{len(found)} of {len(plan.split)} images"
    console.print(
        f"note: writing a partial report of {said}; Ctrl-C again ends at once",
        highlight=False,
        markup=False,
    )
    answered = joined([found], plan.split, plan.attributes)
    about = of_served_model(plan, proved, len(found), Speed(0, 0.0), words)
    folder = plan.out / PARTIAL
    analysis = of_part(plan.analysis)
    finish(answered, marked(about, len(found), len(plan.split)), analysis, folder, console)
    return f"with a partial report of {said} in {folder / 'report'}"


def of_part(plan: AnalysisPlan) -> AnalysisPlan:
    """The analysis without what speaks to others, or holds the run to something complete."""
    alone = replace(
        plan.options, baseline=None, compat=None, mlflow=None, wandb=None, format="text"
    )
    return replace(plan, options=alone, baseline=None, before=None)


def marked(about: Mapping[str, Any], answered: int, of: int) -> dict[str, Any]:
    """The provenance of a partial report: what every form of it says in its first line."""
    return {**about, "data": {**about["data"], "partial": {"answered": answered, "of": of}}}


def remove_partial(out: Path) -> None:
    """Remove the partial report of a run that is complete."""
    shutil.rmtree(out / PARTIAL, ignore_errors=True)
