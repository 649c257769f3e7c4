"""`fair-audit parity`: a served model against a reference on the same samples."""

import json
from dataclasses import replace
from pathlib import Path

import tyro
from rich.console import Console
from rich.markup import escape

from audit.client.endpoint import describe
from audit.client.headers import refuse_loose_headers
from audit.client.onnx_file import OnnxFile
from audit.compare.runs import Run
from audit.options import Options
from audit.page.parity import MOST, furthest, parity_page, said, worst_first
from audit.parity.checkpoint import check_torch, checkpoint_run
from audit.parity.checks import Tolerances
from audit.parity.flags import ParityOptions, audit_options, reference_options
from audit.parity.judged import Parity, parity_of
from audit.parity.sides import (
    any_answer,
    expected_run,
    matched,
    served_run,
    stored_run,
)
from audit.plan import Plan, plan_audit
from audit.reached import reached
from audit.report.files import MANIFEST, manifest
from audit.report.terminal import COLORS, plain_table
from audit.waiting import waiting
from fairness.atomic import replace_files
from fairness.attributes import ALL, OVERALL
from fairness.errors import UsageError
from fairness.foreign.model_yaml import read_model_yaml
from fairness.guard import DEBUG_HELP
from fairness.outcomes import Names

HELP = """Hold a served model, or an ONNX file, against a reference on the same samples, by group: a
training run's checkpoint in torch, a stored run, or another served model. Of several labels or
classes each is held, too. Exit 1 where a score, the share of flipped decisions or the change of a
group's number is beyond its tolerance.

Examples:

  fair-audit parity --checkpoint runs/fairclip/RUN --model fairclip

  fair-audit parity --checkpoint runs/fairclip/RUN --onnx model_repository/fairclip/1/model.onnx

  fair-audit parity --reference reports/fairclip/RUN --model fairclip

  fair-audit parity --model fairclip_fp16 --against-model fairclip

  fair-audit parity --endpoint gpu:8001 --model fairclip --against-endpoint cpu:8001 --strict
"""


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
    if options.checkpoint is not None:
        check_torch()
    plan = planned(audit_options(options), options.out, options.onnx)
    expected = expected_run(plan)
    check_metrics(expected, options)
    stored, other = the_reference(options, plan, expected, console)
    served = served_run(plan, console, any_answer(plan.task), options.onnx)
    if other is not None:
        stored = served_run(other, console, other.task.read)
    reference = matched(stored, served)
    tolerances = Tolerances(options.tolerance, options.flips, options.change, options.metrics)
    with waiting(f"resampling the patients of {len(served.answered.cases)} rows", console):
        found = parity_of(reference, served, plan.options.analysis, tolerances)
    about = {
        **found.comparison.about,
        "first": side(reference, other, None, options.checkpoint),
        "second": side(served, plan, options.onnx),
        "data": {"path": str(plan.split.root), "split": plan.split.split},
    }
    found = replace(found, comparison=replace(found.comparison, about=about))
    write_parity(options.out, found)
    print_parity(found, console)
    page = options.out / "parity.html"
    console.print(f"{found.verdict}; page: {page}", highlight=False, markup=False)
    codes = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 4 if options.strict else 0}
    return codes[found.verdict]


def the_reference(
    options: ParityOptions, plan: Plan, expected: Run, console: Console
) -> tuple[Run, Plan | None]:
    """The reference's answers; of a served one what it will be asked, and the plan to do so."""
    if options.checkpoint is not None:
        return checkpoint_run(options.checkpoint, plan, expected, console), None
    if options.reference is not None:
        whose = f"--reference {options.reference}"
        return stored_run(options.reference, plan, expected, whose), None
    other = planned(reference_options(options), options.out)
    return matched(expected_run(other), expected), other


def planned(options: Options, out: Path, onnx: Path | None = None) -> Plan:
    """Everything checked that can be before a sample is sent."""
    said_of_it = read_model_yaml(options.spec) if options.spec is not None else None
    with reached(options, onnx) as server:
        name = server.name if isinstance(server, OnnxFile) else options.model or ""
        model = describe(server, name, said_of_it, options.version)
        return plan_audit(options, model, out)


def check_metrics(expected: Run, options: ParityOptions) -> None:
    """Refuse a name in --metrics that is no number of such a model.

    Raises:
        UsageError: there is one.
    """
    names = Names(expected.name, "", "")
    measured = expected.task.measured(expected.answered, names, options.settings)
    parts = measured if expected.task.names else measured[:1]
    metrics = [metric for part in parts for metric in part.measures.metrics]
    known = dict.fromkeys(metric.name for metric in metrics if metric.kind != "norm")
    if odd := [name for name in options.metrics if name not in known]:
        raise UsageError(f"--metrics: no '{odd[0]}' (there are: {', '.join(known)})")


def side(
    run: Run, plan: Plan | None, onnx: Path | None, checkpoint: Path | None = None
) -> dict[str, object]:
    """Where answers came from, for the page and parity.json."""
    judged: dict[str, object] = {"threshold": run.threshold}
    if run.by_label:
        judged["by_label"] = dict(run.by_label)
    if plan is None:
        folder = checkpoint or run.folder
        return {"folder": str(folder), "name": run.name, **judged}
    endpoint, model = onnx or plan.options.connection.endpoint, plan.model
    return {
        "folder": f"{model.name} version {model.stated_version}, {model.server}, {endpoint}",
        "name": model.name,
        **judged,
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
    """Distances by group, of each label overall, then what failed."""
    table = plain_table("group", "n", "largest", "mean", "flips", "unusable")
    for one in found.apart:
        if one.label and one.attribute != OVERALL:
            continue
        table.add_row(
            escape(f"{one.label}: {ALL}" if one.label else f"{one.attribute} {one.group}"),
            str(one.n),
            "-" if one.largest is None else f"{one.largest:.2g}",
            "-" if one.mean is None else f"{one.mean:.2g}",
            "-" if one.flips is None else str(one.flips),
            str(one.unusable),
        )
    console.print(table)
    span = f"scores of the reference span {found.spread:.2g}"
    console.print(", ".join(filter(None, (span, furthest(found)))), highlight=False, markup=False)
    for check in worst_first(found)[:MOST]:
        console.print(f"FAIL {said(check)}", style=COLORS["FAIL"], highlight=False, markup=False)
    open_checks = sum(check.verdict == "INCONCLUSIVE" for check in found.checks)
    if open_checks:
        text = f"{open_checks} changes are open: their intervals reach beyond --change"
        console.print(text, style=COLORS["INCONCLUSIVE"], highlight=False, markup=False)
