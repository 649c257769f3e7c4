"""`fair-audit bench`: how fast a served model answers, and with which batch and window."""

import time
from collections.abc import Sequence

import tyro
from rich.console import Console

from audit.bench.files import write_bench
from audit.bench.flags import BenchOptions
from audit.bench.point import Point, recommended
from audit.bench.sweep import about, bytes_of, requests_of, swept, warnings_of
from audit.client.endpoint import connect, describe, self_described_models
from audit.client.engine import with_engine
from audit.client.headers import refuse_loose_headers
from audit.client.sending import sending
from audit.client.transport import Server
from audit.report.terminal import plain_table
from audit.sizes import FRAME_BYTES
from audit.typed import typed_command
from fairness.errors import UsageError
from fairness.foreign.model_yaml import read_model_yaml
from fairness.guard import DEBUG_HELP

HELP = """How fast a served model answers: a closed loop that keeps so many requests with the
server, for each --batch and --in-flight, by perf_analyzer's rules (windows of 5000 ms until the
last three agree within 10 %, ten at most). Writes bench.csv (perf_analyzer's columns), bench.json
and bench.html, and recommends a batch and a window.

Examples:

  fair-audit bench --model fairclip --synthetic-input --shape 224,224

  fair-audit bench --model fairclip --batch 8,16,32 --in-flight 1,2,4,8

  fair-audit bench --model resnet --spec model.yaml --data patients.csv \
      --measurement-interval 1000
"""


def bench(arguments: list[str], console: Console) -> int:
    """`fair-audit bench`; 0, or 4 under --strict where the numbers should not be trusted.

    Raises:
        UsageError, DataError, ServerError: as the audit of the model.
    """
    refuse_loose_headers(arguments)
    options = tyro.cli(
        BenchOptions, prog="fair-audit bench", description=HELP + DEBUG_HELP, args=arguments
    )
    flags = options.flags

    def note(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False)

    said = read_model_yaml(flags.spec) if flags.spec is not None else None
    if flags.spec is not None and flags.model is None:
        raise UsageError(f"--spec {flags.spec} describes one model; name it with --model")
    with connect(flags.connection) as server:
        model = describe(server, flags.model or the_only_one(server), said, flags.version)
        sent = requests_of(options, server, model)
    sizes = bytes_of(options, model, sent)
    with (
        connect(flags.connection, sizes.answer + FRAME_BYTES) as server,
        sending(server, sizes, options.flags.transport, max(options.in_flight), note) as way,
    ):
        model = with_engine(server, model)
        if model.answering.response_cache:
            note("WARNING: the response cache is enabled")
        points = swept(options, way.transport, model, sent, console)
        told = about(options, model, way.transport)
    best = recommended(points)
    warnings = warnings_of(model, points, best)
    finished = {
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": typed_command(["bench", *arguments]),
    }
    write_bench(options.out, points, best, told | finished, warnings)
    print_points(points, best, console)
    for text in warnings:
        console.print(f"WARNING: {text}", highlight=False, markup=False)
    console.print(
        f"recommended: --batch {best.batch} --in-flight {best.in_flight} ({best.rate:.0f} "
        f"images/s, the smallest window within 2 % of the fastest); {options.out / 'bench.html'}",
        highlight=False,
        markup=False,
    )
    doubtful = not best.stable or bool(model.answering.response_cache)
    return 4 if options.strict and doubtful else 0


def the_only_one(server: Server) -> str:
    """The model that describes itself, where there is one.

    Raises:
        UsageError: there are several.
    """
    names = self_described_models(server)
    if len(names) > 1:
        raise UsageError(f"{len(names)} models describe themselves; name one with --model")
    return names[0]


def print_points(points: Sequence[Point], best: Point, console: Console) -> None:
    """One row a point; milliseconds of a request."""
    columns = ("batch", "in flight", "images/s", "p50", "p90", "p95", "p99", "send", "network",
               "queue", "input", "model", "output", "receive")  # fmt: skip
    table = plain_table(*columns)
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    for point in points:
        server = point.server or {}
        phases = [server.get(name) for name in ("queue", "compute_input", "compute_infer",
                                                "compute_output")]  # fmt: skip
        times = [*point.percentiles.values(), point.send, point.network, *phases, point.receive]
        mark = "" if point.stable else "?"
        table.add_row(
            str(point.batch),
            str(point.in_flight),
            f"{point.rate:.0f}{mark}",
            *("-" if value is None else f"{value / 1000:.2f}" for value in times),
            style="bold" if point is best else None,
        )
    console.print(table)
    if any(not point.stable for point in points):
        console.print("?: not stable", highlight=False, markup=False)
