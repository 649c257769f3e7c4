"""What the words after `fair-audit` mean. Without a command it audits served models."""

import sys
from collections.abc import Callable

import tyro
from rich.console import Console

from audit.client.allocator import keep_memory
from audit.client.failures import UndescribedError
from audit.client.headers import refuse_loose_headers
from audit.client.replica_addresses import with_one_endpoint
from audit.commands.bench import bench
from audit.commands.compare import compare
from audit.commands.discover import discover_command
from audit.commands.history import history
from audit.commands.init import init
from audit.commands.inspect import inspect
from audit.commands.merge import merge
from audit.commands.parity import parity
from audit.commands.plan import plan
from audit.commands.pool import pool_command
from audit.commands.render import render, schema, verify
from audit.commands.repeat import repeat
from audit.commands.report import report
from audit.commands.summary import summary
from audit.commands.threshold import threshold
from audit.commands.watch import watch
from audit.console import SafeConsole
from audit.every_model import audit
from audit.options import Options
from audit.retyped import retyped
from fairness.errors import ServerError, UsageError
from fairness.guard import DEBUG_HELP

DESCRIPTION = """Audit served models, by demographic group.

Streams a labelled split through the server and writes the results to reports/MODEL/RUN:
report/ holds aggregates and may be shared, records/ holds one row a sample.

Examples:

  fair-audit --endpoint localhost:8001

  fair-audit --model fairclip --attributes race,gender --intersect race*gender --out audits/first

  fair-audit --model fairclip --data patients.csv --file image --target glaucoma \
      --attributes sex,scanner --patient subject

  fair-audit --model resnet --spec model.yaml --data patients.csv

  fair-audit --endpoint http://localhost:8080 --model resnet --spec model.yaml --data patients.csv

  fair-audit --endpoint gpu1:8001,gpu2:8001 --model fairclip

  fair-audit --model fairclip --threshold youden --threshold-split val

  fair-audit --model fairclip --policy policy.yaml --strict

  fair-audit --model fairclip --out audits/first --resume

  fair-audit --model fairclip --out audits/first --shard 1/3

  fair-audit --onnx model_repository/fairclip/1/model.onnx

  fair-audit --endpoint triton.ward.org:8001 --tls --ca-cert ca.pem \
      --client-cert me.pem --client-key me.key --header 'authorization: Bearer env:TOKEN'

Other commands, each with --help:

  fair-audit report     a report from anybody's predictions, without a server

  fair-audit compare    two runs on the same samples: changes, flips, what became of the gaps

  fair-audit summary    what a site hands over of a run in place of rows

  fair-audit pool       one report of the summaries of several sites

  fair-audit threshold  choose an operating threshold on validation

  fair-audit inspect    what a data set can show, before any inference

  fair-audit plan       how probably a policy would pass at given sizes, before there are data

  fair-audit discover   subgroups that nobody named, in which a model does worst; exploratory

  fair-audit init       a model.yaml for a model that does not describe itself

  fair-audit repeat     whether the server gives a sample the same answer in any batch

  fair-audit bench      how fast the server answers, and with which batch and window

  fair-audit parity     whether serving changed anything, and for whom

  fair-audit watch      the same audit again and again, with charts that find changes

  fair-audit history    add audits to such charts, e.g. those of a nightly job

  fair-audit merge      the shards of an audit as one run

  fair-audit render     report.html of a run again, from its report.json

  fair-audit verify     whether the files of a report are as they were written

  fair-audit schema     the JSON Schema of report.json, or of compare.json
"""

COMMANDS: dict[str, Callable[[list[str], Console], int]] = {
    "report": report,
    "compare": compare,
    "summary": summary,
    "pool": pool_command,
    "threshold": threshold,
    "inspect": inspect,
    "plan": plan,
    "discover": discover_command,
    "init": init,
    "repeat": repeat,
    "bench": bench,
    "parity": parity,
    "watch": watch,
    "history": history,
    "merge": merge,
    "render": render,
    "verify": verify,
    "schema": schema,
}


def run_command(arguments: list[str], console: Console | None = None) -> int:
    """Run a subcommand, or an audit of served models; the exit code.

    `console` is what it speaks to; the terminal by default.

    Raises:
        FairAuditError: one line that says what is wrong.
    """
    keep_memory()
    if console is None:
        width = None if sys.stdout.isatty() else 120
        console = SafeConsole(soft_wrap=True, emoji=False, width=width)
    words, arguments = arguments, with_one_endpoint(arguments)
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]](arguments[1:], console)
    if arguments and not arguments[0].startswith("-"):
        raise UsageError(f"no command '{arguments[0]}' (there are: {', '.join(COMMANDS)})")
    refuse_loose_headers(arguments)
    about = DESCRIPTION + DEBUG_HELP
    options = tyro.cli(Options, prog="fair-audit", description=about, args=arguments)
    try:
        return audit(options, console, words)
    except UndescribedError as error:
        command = f"fair-audit init {options.connection.flags()}"
        named = "" if options.model else " --model NAME"
        raise ServerError(f"{error}: {retyped(command, arguments)}{named}") from None
