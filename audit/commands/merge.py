"""`fair-audit merge`: shards of an audit as one run, the same as an undivided one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from audit.cases import show_cases
from audit.client.connection import Connection
from audit.client.endpoint import found_model
from audit.client.names import check_name
from audit.conclude import conclude
from audit.merging import Part, all_answers, check_same_data, parts_in, write_together
from audit.options import AnalysisOptions, Options
from audit.plan import Plan, plan_audit
from audit.provenance import Speed, of_served_model
from audit.records.lock import locked
from audit.report.terminal import say_where
from audit.run import noting
from audit.waiting import waiting
from fairness.errors import UsageError
from fairness.foreign.model_yaml import read_model_yaml
from fairness.guard import DEBUG_HELP

HELP = """Merge the shards of an audit into the run that an undivided audit would have been.

The data must be there; no server is asked. Flags of the report are given here, not to the shards.

Examples:

  fair-audit --shard 1/3 --model fairclip --out audits/first

  fair-audit merge audits/first/shard-*-of-3 --out audits/first/whole

  fair-audit merge audits/first --out audits/first/whole --policy policy.yaml --strict
"""


@dataclass(frozen=True)
class MergeOptions:
    """Flags of `fair-audit merge`."""

    runs: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="RUN...")]
    """Folders of all shards, in any order, or the folder that holds all of them."""
    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    out: Path
    """Folder of the merged run."""
    data: Path | None = None
    """Where the data are now; without it, where the shards had them, seen from here."""
    resume: bool = False
    """Merge again into --out, where a merge was interrupted."""
    worst: int = 3
    """Show so many of the worst and borderline cases of each group, in records/cases.html.

    Worst masks are not drawn: for that the model would have to be asked again.
    """


def merge(arguments: list[str], console: Console) -> int:
    """`fair-audit merge`; the exit code of the verdict."""
    options = tyro.cli(
        MergeOptions, prog="fair-audit merge", description=HELP + DEBUG_HELP, args=arguments
    )
    if not options.runs:
        raise UsageError("name the folders of the shards: fair-audit merge RUN... --out DIR")
    if options.worst < 0:
        raise UsageError("--worst must not be negative")
    parts = parts_in(options.runs)
    plan = plan_of(parts, options)
    check_same_data(parts, plan)
    tell = noting(console)
    for text in plan.split.notes:
        tell(text)
    with waiting(f"reading {len(parts)} shards", console):
        answers = all_answers(parts, plan)
    with locked(plan.out):
        with waiting(f"merging {len(parts)} shards", console):
            found = write_together(parts, answers, plan)
        about = (plan, parts, len(found), ["merge", *arguments])
        code, answered = conclude(plan, found, lambda: provenance_of(*about), console)
        show_cases(plan, answered, console)
    if plan.options.worst and plan.task.quality(answered) is not None:
        tell("worst masks are not drawn: the model would have to be asked again")
    say_where(plan.out, console)
    return code


def plan_of(parts: Sequence[Part], options: MergeOptions) -> Plan:
    """The plan of the undivided audit, with nothing asked: what was told is in the shards.

    Raises:
        UsageError, DataError: as `plan_audit`.
    """
    first = parts[0].file
    said = read_model_yaml(first.asked.spec) if first.asked.spec is not None else None
    check_name(first.told.name)
    model = found_model(parts[0].found, first.told.name, said)
    flags = {**vars(first.asked), "data": options.data or first.asked.data, "probes": False}
    server = Connection() if first.asked.onnx else Connection(endpoint=first.speed.endpoint)
    whole = Options(options.analysis, server, **flags, out=options.out, worst=options.worst)
    whole = replace(whole, resume=options.resume)
    answered = replace(model, answering=first.told.answering)
    return plan_audit(whole, answered, options.out)


def provenance_of(
    plan: Plan, parts: Sequence[Part], n: int, words: Sequence[str]
) -> dict[str, Any]:
    """Provenance of the whole, with that of each shard in the place of speed and delivery."""
    files = [part.file for part in parts]
    uncounted = any(file.uncounted for file in files)
    about = of_served_model(plan, files[0].proved, n, Speed(0, 0.0), words, uncounted)
    about["server"]["endpoint"] = ", ".join(dict.fromkeys(file.speed.endpoint for file in files))
    shards = [{"shard": str(file.shard), **asdict(file.speed)} for file in files]
    return {**about, "shards": shards}
