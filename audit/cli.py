"""`fair-audit`: the command line. Without a command it audits served models.

Exit codes: 0 done, 1 the policy fails, 2 the command makes no sense, 3 data or server,
4 inconclusive under --strict, 130 interrupted.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import tyro
from rich.console import Console

from audit.client.endpoint import connect, describe, self_described_models
from audit.client.transport import GrpcTransport
from audit.commands.inspect import inspect
from audit.commands.report import report
from audit.commands.threshold import threshold
from audit.options import Options
from audit.plan import JOURNAL, plan_audit
from audit.run import run_audit
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


COMMANDS: dict[str, Callable[[list[str], Console], int]] = {
    "report": report,
    "threshold": threshold,
    "inspect": inspect,
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
    """Audit the model asked for, or all that describe themselves; the worst exit code.

    All of them are planned before the first is asked.
    """
    with connect(options.endpoint) as client:
        models = [options.model] if options.model else []
        models = models or self_described_models(client, options.endpoint)
        plans = [
            plan_audit(
                options,
                describe(client, options.endpoint, model),
                run_folder(options, model, alone=len(models) == 1),
            )
            for model in models
        ]
        codes = set()
        for plan in plans:
            codes.add(run_audit(plan, GrpcTransport(client, options.endpoint), console))
            console.print(f"report: {plan.out / 'report' / 'report.md'}", highlight=False)
    return next(code for code in (1, 4, 0) if code in codes)


def run_folder(options: Options, model: str, alone: bool) -> Path:
    """Where the run of `model` is written, or continued; a run that is not there is started."""
    if options.out is not None:
        return options.out if alone else options.out / model
    journals = sorted((REPORTS / model).glob(f"*/{JOURNAL}"))
    if options.resume and journals:
        return journals[-1].parent.parent
    return REPORTS / model / time.strftime("%Y%m%d-%H%M%S")
