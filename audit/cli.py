"""`fair-audit`: the command line.

Exit codes: 0 done, 2 the command makes no sense, 3 data or server, 130 interrupted.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from audit.endpoint import connect, self_described_models
from audit.run import Request, audit_model
from fairness.errors import FairAuditError, UsageError

REPORTS = Path("reports")

DESCRIPTION = """Audit models served by Triton, by demographic group.

Streams a labelled split through the server and writes per-group results to
reports/MODEL/RUN: report/ holds aggregates and may be shared, records/ holds one row a sample.

Examples:

  fair-audit --endpoint localhost:8001

  fair-audit --model fairclip --data data/fairvlmed --attributes race,gender --out audits/first

  fair-audit --model fairclip --out audits/first --resume
"""


@dataclass(frozen=True)
class Options:
    """The flags of `fair-audit`."""

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


def main() -> None:
    """Entry point of the console script `fair-audit`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    options = tyro.cli(Options, prog="fair-audit", description=DESCRIPTION, args=arguments)
    console = Console(soft_wrap=True)
    try:
        audit(options, console)
    except FairAuditError as error:
        print(f"fair-audit: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("fair-audit: interrupted; go on with the same command and --resume", file=sys.stderr)
        return 130
    return 0


def audit(options: Options, console: Console) -> None:
    """Audit the model asked for, or all that describe themselves."""
    if options.in_flight < 1:
        raise UsageError("--in-flight must be at least 1")
    request = Request(
        endpoint=options.endpoint,
        data=options.data,
        split=options.split,
        attributes=tuple(filter(None, (a.strip() for a in options.attributes.split(",")))),
        on_error=options.on_error,
        probes=options.probes,
        in_flight=options.in_flight,
    )
    with connect(options.endpoint) as client:
        if options.model is not None:
            models = [options.model]
        else:
            models = self_described_models(client, options.endpoint)
        for model in models:
            out = run_folder(options, model, alone=len(models) == 1)
            audit_model(client, model, request, out, options.resume, console)
            console.print(f"report: {out / 'report' / 'report.md'}", highlight=False)


def run_folder(options: Options, model: str, alone: bool) -> Path:
    """Where the run of `model` is written, or continued; a run that is not there is started."""
    if options.out is not None:
        return options.out if alone else options.out / model
    journals = sorted((REPORTS / model).glob("*/records/journal.sqlite"))
    if options.resume and journals:
        return journals[-1].parent.parent
    return REPORTS / model / time.strftime("%Y%m%d-%H%M%S")
