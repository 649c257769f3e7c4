"""`fair-audit`: the command line. Without a command it audits served models.

Exit codes: 0 done, 1 the policy fails, 2 the command makes no sense, 3 data or server,
4 inconclusive under --strict, 130 interrupted.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from audit import commands
from audit.analysis import AnalysisOptions
from audit.client.endpoint import connect, self_described_models
from audit.run import Request, audit_model
from fairness.errors import FairAuditError, UsageError

REPORTS = Path("reports")

DESCRIPTION = """Audit models served by Triton, by demographic group.

Streams a labelled split through the server and writes the results to reports/MODEL/RUN:
report/ holds aggregates and may be shared, records/ holds one row a sample.

Examples:

  fair-audit --endpoint localhost:8001

  fair-audit --model fairclip --attributes race,gender --intersect race*gender --out audits/first

  fair-audit --model fairclip --policy policy.yaml --strict

  fair-audit --model fairclip --out audits/first --resume

Other commands, each with --help:

  fair-audit report     a report from anybody's predictions, without a server

  fair-audit threshold  choose an operating threshold on validation

  fair-audit inspect    what a data set can show, before any inference
"""


@dataclass(frozen=True)
class Options:
    """The flags of `fair-audit` itself."""

    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    endpoint: str = "localhost:8001"
    """Triton's gRPC address, HOST:PORT."""
    model: str | None = None
    """Audit this model; without it, every ready model that describes itself."""
    data: Path | None = None
    """Folder of the data; without it, data/DATASET of the model."""
    split: Literal["train", "val", "test"] = "test"
    """Which split to audit."""
    attributes: str = ""
    """Names separated by commas, e.g. race,gender; without it, all of the dataset."""
    threshold: str | None = None
    """A number, or a threshold.json of `fair-audit threshold`; without it, the model's own."""
    out: Path | None = None
    """Folder of this run, or of one folder a model; without it, reports/MODEL/TIME."""
    resume: bool = False
    """Continue the run in --out, or the newest one of the model."""
    on_error: Literal["stop", "skip"] = "stop"
    """What to do about a file that cannot be read: stop, or skip it and count it in the report."""
    probes: bool = True
    """Prove with probe inputs that the served model is the exported one."""
    in_flight: Annotated[int, tyro.conf.arg(metavar="N")] = 4
    """Batches sent and not yet answered."""
    distances: bool = True
    """Of masks, also report distances between surfaces (HD95, ...), which take longest."""
    worst: Annotated[int, tyro.conf.arg(metavar="K")] = 3
    """Draw so many of the worst masks of each group into records/worst."""
    keep_masks: bool = False
    """Keep every mask, in records/masks."""


COMMANDS: dict[str, Callable[[list[str], Console], int]] = {
    "report": commands.report,
    "threshold": commands.threshold,
    "inspect": commands.inspect,
}


def main() -> None:
    """Entry point of the console script `fair-audit`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    try:
        if arguments and arguments[0] in COMMANDS:
            return COMMANDS[arguments[0]](arguments[1:], console)
        if arguments and not arguments[0].startswith("-"):
            raise UsageError(f"no command '{arguments[0]}' (there are: {', '.join(COMMANDS)})")
        options = tyro.cli(Options, prog="fair-audit", description=DESCRIPTION, args=arguments)
        return audit(options, console)
    except FairAuditError as error:
        print(f"fair-audit: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("fair-audit: interrupted; go on with the same command and --resume", file=sys.stderr)
        return 130


def audit(options: Options, console: Console) -> int:
    """Audit the model asked for, or all that describe themselves; the worst exit code."""
    if options.in_flight < 1 or options.worst < 0:
        raise UsageError("--in-flight must be at least 1, and --worst not negative")
    request = Request(
        endpoint=options.endpoint,
        data=options.data,
        split=options.split,
        attributes=commands.names_in(options.attributes),
        threshold=options.threshold,
        on_error=options.on_error,
        probes=options.probes,
        in_flight=options.in_flight,
        resume=options.resume,
        distances=options.distances,
        worst=options.worst,
        keep_masks=options.keep_masks,
    )
    codes = set()
    with connect(options.endpoint) as client:
        if options.model is not None:
            models = [options.model]
        else:
            models = self_described_models(client, options.endpoint)
        for model in models:
            out = run_folder(options, model, alone=len(models) == 1)
            codes.add(audit_model(client, model, request, options.analysis, out, console))
            console.print(f"report: {out / 'report' / 'report.md'}", highlight=False)
    return next(code for code in (1, 4, 0) if code in codes)


def run_folder(options: Options, model: str, alone: bool) -> Path:
    """Where the run of `model` is written, or continued; a run that is not there is started."""
    if options.out is not None:
        return options.out if alone else options.out / model
    journals = sorted((REPORTS / model).glob("*/records/journal.sqlite"))
    if options.resume and journals:
        return journals[-1].parent.parent
    return REPORTS / model / time.strftime("%Y%m%d-%H%M%S")
