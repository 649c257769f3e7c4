"""The end of a run whose answers are complete: rows for the data's owner, report, verdict."""

from collections.abc import Callable
from typing import Any

from rich.console import Console

from audit.analysis import finish
from audit.partial import remove_partial
from audit.plan import Plan
from audit.records.complete import check_complete
from audit.records.outcomes import write_outcomes, write_skipped
from fairness.evaluate import Readings, joined
from fairness.outcomes import Answered


def conclude(
    plan: Plan, found: Readings, about: Callable[[], dict[str, Any]], console: Console
) -> tuple[int, Answered]:
    """Write `out/records` and `out/report`; the exit code of the verdict, and what was judged.

    Args:
        plan: of the whole audit.
        found: its answers.
        about: makes the provenance, once the answers are known to be complete.
        console: for results.

    Raises:
        DataError: answers are not those of the split, each once.
    """
    records = plan.out / "records"
    ids_sha256 = check_complete(found.ids, plan.split)
    answered = joined([found], plan.split, plan.attributes)
    stored = (plan.task.stored, plan.split.fingerprint(), plan.names, plan.task)
    write_outcomes(records / "outcomes.parquet", answered, *stored)
    write_skipped(records / "skipped.csv", plan.split.skipped)
    provenance = about()
    provenance["data"]["ids_sha256"] = ids_sha256
    code = finish(answered, provenance, plan.analysis, plan.out, console)
    remove_partial(plan.out)
    return code, answered
