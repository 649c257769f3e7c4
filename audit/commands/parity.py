"""`fair-audit parity`: a served model against a reference on the same samples."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import tyro
from rich.console import Console
from rich.markup import escape

from audit.client.connection import Connection
from audit.client.endpoint import connect, describe
from audit.client.headers import refuse_loose_headers
from audit.compare.runs import Run
from audit.flags import CommaNames
from audit.options import AnalysisOptions, Options
from audit.page.parity import MOST, parity_page, said, worst_first
from audit.parity import Parity, Tolerances, parity_of
from audit.parity_runs import any_score, matched, served_run, stored_run
from audit.plan import Plan, plan_audit
from audit.report.files import MANIFEST, manifest
from audit.report.terminal import COLORS, plain_table
from audit.table_flags import TableFlags
from audit.waiting import waiting
from fairness.atomic import replace_files
from fairness.errors import UsageError
from fairness.evaluate import cases_of
from fairness.foreign.model_yaml import read_model_yaml
from fairness.guard import DEBUG_HELP
from fairness.outcomes import Answered
from fairness.statistics.settings import Settings

HELP = """Hold a served model against a reference on the same samples, by group: another served
model, or a stored run, such as the checkpoint's own answers. Exit 1 where a score, the share of
flipped decisions or the change of a group's number is beyond its tolerance.

Examples:

  python -m export.answers runs/fairclip/RUN --data data/fairvlmed --out reports/checkpoint

  fair-audit parity --model fairclip --reference reports/checkpoint

  fair-audit parity --model fairclip_fp16 --against-model fairclip

  fair-audit parity --endpoint gpu:8001 --model fairclip --against-endpoint cpu:8001 --strict
"""


@dataclass(frozen=True)
class ParityOptions:
    """Flags of `fair-audit parity`."""

    model: str
    """Name of the served model that is judged."""
    connection: tyro.conf.OmitArgPrefixes[Connection] = field(default_factory=Connection)
    spec: Path | None = None
    """model.yaml of a model that does not describe itself."""
    version: str | None = None
    """Of the model; without it, the newest."""
    against_endpoint: str | None = None
    """Server of the reference; without it, the same. TLS and headers are those of --endpoint."""
    against_model: str | None = None
    """Served reference; without it, a model of the same name."""
    against_spec: Path | None = None
    """model.yaml of the served reference; without it, --spec."""
    against_version: str | None = None
    """Of the served reference."""
    reference: Path | None = None
    """In place of a served reference: folder of a run, which has records/outcomes.parquet."""
    data: Path | None = None
    """Folder of the data, or a csv or parquet table; without it, data/DATASET of the model."""
    split: str = "test"
    """Which split."""
    attributes: CommaNames = ()
    """Whose groups are told apart; without it, all of the dataset."""
    intersect: CommaNames = ()
    """Crossed attributes, e.g. race*gender."""
    threshold: str | None = None
    """At which decisions of both sides flip; without it, that of --model."""
    tolerance: float = 1e-3
    """Largest difference of a score, or of the Dice coefficient of a mask, that passes."""
    flips: float = 0.01
    """Share of the decisions of a group that may flip, 0 to 1."""
    change: float = 0.05
    """Of a number of a group: its whole joint interval must lie within plus and minus this."""
    metrics: CommaNames = ()
    """Numbers whose changes are judged; without it, AUC, selection rate, TPR and FPR, or Dice."""
    strict: bool = False
    """Exit with 4 where the verdict is INCONCLUSIVE."""
    out: Path = Path("reports/parity")
    """Folder to write parity.html and parity.json into."""
    settings: tyro.conf.OmitArgPrefixes[Settings] = field(default_factory=Settings)
    table: tyro.conf.OmitArgPrefixes[TableFlags] = field(default_factory=TableFlags)

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range, or not one reference is named."""
        if not all(0 <= limit < np.inf for limit in (self.tolerance, self.flips, self.change)):
            raise UsageError("--tolerance, --flips and --change are numbers from 0 on")
        served = (
            self.against_endpoint, self.against_model, self.against_version, self.against_spec
        )  # fmt: skip
        if (self.reference is None) == (not any(served)):
            raise UsageError(
                "name one reference: --reference FOLDER of a stored run, or --against-model, "
                "--against-endpoint or --against-version of a served one"
            )


def parity(arguments: list[str], console: Console) -> int:
    """`fair-audit parity`; 0 PASS, 1 FAIL, and INCONCLUSIVE 0, or 4 with --strict.

    Raises:
        UsageError, DataError, ServerError: as the audits of the models.
    """
    refuse_loose_headers(arguments)
    options = tyro.cli(
        ParityOptions,
        prog="fair-audit parity",
        description=HELP + DEBUG_HELP,
        args=arguments,
    )
    plan = planned(audit_options(options), options.out)
    of_metrics = check_metrics(plan, options.metrics) if options.metrics else ()
    other = None
    if options.reference is None:
        other = planned(reference_options(options), options.out)
    elif not (options.reference / "records" / "outcomes.parquet").is_file():
        raise UsageError(f"--reference {options.reference}: it has no records/outcomes.parquet")
    served = served_run(plan, console, any_score if plan.threshold else plan.task.read)
    if other is None or options.reference is not None:
        reference = stored_run(options.reference or Path(), plan, served)
    else:
        reference = matched(served_run(other, console, other.task.read), served)
    tolerances = Tolerances(options.tolerance, options.flips, options.change, of_metrics)
    with waiting(f"resampling the patients of {len(served.answered.cases)} rows", console):
        found = parity_of(reference, served, plan.options.analysis, tolerances)
    about = {
        **found.comparison.about,
        "first": side(reference, other),
        "second": side(served, plan),
        "data": {"path": str(plan.split.root), "split": plan.split.split},
    }
    found = replace(found, comparison=replace(found.comparison, about=about))
    write_parity(options.out, found)
    print_parity(found, console)
    page = options.out / "parity.html"
    console.print(f"{found.verdict}; page: {page}", highlight=False, markup=False)
    codes = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4 if options.strict else 0}
    return codes[found.verdict]


def planned(options: Options, out: Path) -> Plan:
    """Everything checked that can be before a sample is sent."""
    said_of_it = read_model_yaml(options.spec) if options.spec is not None else None
    with connect(options.connection) as server:
        model = describe(server, options.model or "", said_of_it, options.version)
        return plan_audit(options, model, out)


def audit_options(options: ParityOptions) -> Options:
    """The same flags as those of an audit of the judged model."""
    return Options(
        analysis=AnalysisOptions(intersect=options.intersect, settings=options.settings),
        connection=options.connection,
        model=options.model,
        spec=options.spec,
        version=options.version,
        data=options.data,
        split=options.split,
        attributes=options.attributes,
        threshold=options.threshold,
        probes=False,
        distances=False,
        table=options.table,
    )


def reference_options(options: ParityOptions) -> Options:
    """The same flags as those of an audit of the served reference."""
    endpoint = options.against_endpoint or options.connection.endpoint
    return replace(
        audit_options(options),
        connection=replace(options.connection, endpoint=endpoint),
        model=options.against_model or options.model,
        spec=options.against_spec or options.spec,
        version=options.against_version,
    )


def check_metrics(plan: Plan, names: Sequence[str]) -> tuple[str, ...]:
    """The names, known numbers of such a model.

    Raises:
        UsageError: one of them is none.
    """
    split, task = plan.split, plan.task
    blank = Answered(
        cases=cases_of(split, plan.attributes),
        labels=split.labels,
        values={name: np.zeros(len(split)) for name in task.value_names},
    )
    measures = task.measured(blank, plan.names, plan.options.analysis.settings)[0].measures
    known = [metric.name for metric in measures.metrics if metric.kind != "norm"]
    if odd := [name for name in names if name not in known]:
        raise UsageError(f"--metrics: no '{odd[0]}' (there are: {', '.join(known)})")
    return tuple(names)


def side(run: Run, plan: Plan | None) -> dict[str, object]:
    """Where answers came from, for the page and parity.json."""
    if plan is None:
        return {"folder": str(run.folder), "name": run.name, "threshold": run.threshold}
    endpoint, model = plan.options.connection.endpoint, plan.model
    return {
        "folder": f"{model.name} version {model.stated_version}, {model.server}, {endpoint}",
        "name": model.name,
        "threshold": run.threshold,
        "model_sha256": model.spec.model_sha256 or None,
        "precision": model.spec.precision or None,
    }


def write_parity(folder: Path, found: Parity) -> None:
    """Write parity.html, parity.json and their manifest, all or none."""
    files: dict[str, str | None] = {
        "parity.json": json.dumps(found.document(), indent=1, allow_nan=False) + "\n",
        "parity.html": parity_page(found),
    }
    replace_files(folder, {**files, MANIFEST: manifest(files)})


def print_parity(found: Parity, console: Console) -> None:
    """Distances by group, then what failed."""
    table = plain_table("group", "n", "largest", "mean", "flips", "unusable")
    for one in found.apart:
        table.add_row(
            escape(f"{one.attribute} {one.group}"),
            str(one.n),
            "-" if one.largest is None else f"{one.largest:.2g}",
            "-" if one.mean is None else f"{one.mean:.2g}",
            "-" if one.flips is None else str(one.flips),
            str(one.unusable),
        )
    console.print(table)
    for check in worst_first(found)[:MOST]:
        console.print(f"FAIL {said(check)}", style=COLORS["FAIL"], highlight=False, markup=False)
    open_checks = sum(check.verdict == "INCONCLUSIVE" for check in found.checks)
    if open_checks:
        text = f"{open_checks} changes are open: their intervals reach beyond --change"
        console.print(text, style=COLORS["INCONCLUSIVE"], highlight=False, markup=False)
