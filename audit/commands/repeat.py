"""`fair-audit repeat`: does the server give the same sample the same answer?"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from rich.markup import escape

from audit.client.endpoint import connect, describe
from audit.client.headers import refuse_loose_headers
from audit.client.window import fixed
from audit.in_memory import asking_in
from audit.model_flags import ModelFlags
from audit.options import AnalysisOptions
from audit.plan import plan_audit
from audit.proof import Asking, prove_same
from audit.repeat import (
    ALONE,
    LOAD,
    Difference,
    answers,
    chosen_rows,
    differences,
    ways_of_sending,
)
from audit.report.terminal import plain_table
from audit.sizes import most_answer_bytes
from audit.waiting import waiting
from fairness.atomic import write_atomically
from fairness.attributes import OVERALL
from fairness.disclosure.sizes import sizes_of
from fairness.errors import UsageError
from fairness.evaluate import Readings, cases_of
from fairness.foreign.model_yaml import read_model_yaml
from fairness.groups import recorded
from fairness.guard import DEBUG_HELP
from fairness.statistics.settings import Settings
from fairness.suppression import protected

HELP = """Send the same samples alone, in full batches, in shuffled ones and many at once, and say
how far the answers differ, by group. Exit 1 where a difference is above --tolerance.

Examples:

  fair-audit repeat --endpoint localhost:8001 --model fairclip -n 256

  fair-audit repeat --model resnet --spec model.yaml --data patients.csv --attributes sex,scanner
"""


@dataclass(frozen=True)
class RepeatOptions:
    """Flags of `fair-audit repeat`."""

    flags: tyro.conf.OmitArgPrefixes[ModelFlags] = field(default_factory=ModelFlags)
    n: int = 256
    """Samples, drawn once."""
    tolerance: float = 1e-3
    """Largest difference of a score, or of a score of a mask, that passes."""
    seed: int = 0
    """Of the draw and of the order of batches."""
    out: Path = Path("reports/repeat.json")
    """File to write the numbers into."""

    def __post_init__(self) -> None:
        """Raises UsageError where no model is named, or a number is out of range."""
        if self.flags.model is None:
            raise UsageError("name the model on the server with --model")
        if self.n < 2 or not 0 <= self.tolerance < np.inf:
            raise UsageError("-n must be at least 2, and --tolerance a number from 0 on")


def repeat(arguments: list[str], console: Console) -> int:
    """`fair-audit repeat`; 0 where every difference is within the tolerance, else 1.

    Raises:
        UsageError, DataError, ServerError: as the audit of the model.
    """
    refuse_loose_headers(arguments)
    options = tyro.cli(
        RepeatOptions,
        prog="fair-audit repeat",
        description=HELP + DEBUG_HELP,
        args=["--n" if word == "-n" else word for word in arguments],
    )
    flags = options.flags
    said = read_model_yaml(flags.spec) if flags.spec is not None else None
    with connect(flags.connection) as server:
        model = describe(server, flags.model or "", said, flags.version)
        asked = flags.options(AnalysisOptions(), distances=True)
        plan = plan_audit(asked, model, options.out.with_suffix(""))
    most = most_answer_bytes(plan.model, plan.split.shapes)
    with (
        connect(flags.connection, most) as server,
        asking_in(plan, server, console, LOAD) as asking,
    ):
        found = asked_every_way(asking, options, console)
    overall = [one for one in found if one.attribute == OVERALL]
    passed = all(one.largest <= options.tolerance for one in overall)
    document = {
        "model": plan.model.name,
        "server": plan.model.server,
        "data": {"path": str(plan.split.root), "split": plan.split.split},
        "tolerance": options.tolerance,
        "seed": options.seed,
        "verdict": "PASS" if passed else "FAIL",
        "differences": [asdict(one) for one in found],
    }
    write_atomically(options.out, json.dumps(document, indent=1, allow_nan=False) + "\n")
    print_differences(found, options.tolerance, console)
    verdict = "the answers are repeatable" if passed else "the answers depend on how they are asked"
    console.print(f"{document['verdict']}: {verdict}; {options.out}", highlight=False, markup=False)
    return 0 if passed else 1


def asked_every_way(asking: Asking, options: RepeatOptions, console: Console) -> list[Difference]:
    """Ask in each way, and hold the answers to those of the samples alone.

    A way in which the server goes away begins anew when it is back.
    """
    plan = asking.plan
    rows = chosen_rows(plan, options.n, options.seed)
    cases = cases_of(plan.split, plan.attributes, rows)
    by_id = sorted(range(len(rows)), key=cases.ids.__getitem__)
    cases = cases_of(plan.split, plan.attributes, rows[by_id])
    sizes = sizes_of(cases, None, Settings())
    groupings = protected(recorded(cases), None, sizes)
    few = sizes.few(sizes.everybody) is not None
    found: list[Difference] = []
    alone = None
    for way in ways_of_sending(plan, rows, options.seed):
        with waiting(f"{len(rows)} samples, {way.name}", console):
            predict = replace(asking.predict, window=fixed(way.in_flight))
            values = asking.patience.through(
                partial(answers, plan, way, predict),
                partial(prove_same, asking, Readings((), {}), ()),
            )
            asking.patience.answered()
        if way.name == ALONE:
            alone = values
        elif alone is not None:
            found += differences(plan, way.name, alone, values, groupings, few=few)
    return found


def print_differences(found: Sequence[Difference], tolerance: float, console: Console) -> None:
    """One row a way and group."""
    table = plain_table("against alone", "group", "n", "largest", "mean", "flips")
    for one in found:
        colour = "red" if one.largest > tolerance else "green"
        table.add_row(
            one.way,
            escape(f"{one.attribute} {one.group}"),
            "few" if one.n is None else str(one.n),
            f"[{colour}]{one.largest:.2g}[/]",
            f"{one.mean:.2g}",
            "-" if one.flips is None else str(one.flips),
        )
    console.print(table)
