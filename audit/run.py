"""Audit one served model on one split: check, stream, journal, hand over to the analysis."""

import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.console import Console
from tritonclient.grpc import InferenceServerClient

from audit.analysis import AnalysisOptions, finish
from audit.client import TritonPredictor
from audit.endpoint import ServedModel, describe, verify
from audit.journal import Journal
from audit.progress import with_progress
from audit.records import private_folder, write_outcomes, write_skipped
from audit.threshold import read_threshold
from fairness.attributes import UNKNOWN, Attribute
from fairness.contract import Threshold
from fairness.datasets import open_split
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError, UsageError
from fairness.evaluate import score, to_outcomes
from fairness.outcomes import Outcomes
from fairness.samples import batched
from fairness.summary import Names


@dataclass(frozen=True)
class Request:
    """What to audit, on what, and where to write it."""

    endpoint: str
    data: Path | None
    """None: `data/<dataset of the model>`."""
    split: str
    attributes: tuple[str, ...]
    """Names; empty: all that the dataset has."""
    threshold: str | None
    """A number or a threshold.json; None: the model's own."""
    on_error: Literal["stop", "skip"]
    probes: bool
    in_flight: int
    resume: bool


def audit_model(
    client: InferenceServerClient,
    name: str,
    request: Request,
    options: AnalysisOptions,
    out: Path,
    console: Console,
) -> int:
    """Audit the model `name`, write `out/report` and `out/records`; the exit code of its verdict.

    Raises:
        FairAuditError: one line that says what is wrong with the server, the model or the data.
    """
    model = describe(client, request.endpoint, name)
    identity = verify(client, request.endpoint, model) if request.probes else "declared"
    data = request.data or Path("data") / model.spec.dataset
    split = open_split(model.spec.dataset, data, request.split, model.spec.target, request.on_error)
    attributes = chosen_attributes(split, request.attributes)
    check_labels(split)
    threshold = model.spec.threshold
    if request.threshold is not None:
        threshold = read_threshold(request.threshold, split.fingerprint())
    outcomes = collect(client, model, split, attributes, request, out, console)
    names = Names(model.name, split.name, request.split)
    write_outcomes(out / "records" / "outcomes.parquet", outcomes, split.fingerprint(), names)
    write_skipped(out / "records" / "skipped.csv", split.skipped)
    return finish(
        outcomes,
        threshold.value,
        names,
        provenance_of(model, identity, split, len(outcomes), threshold, request.endpoint),
        options,
        out,
        console,
    )


def collect(
    client: InferenceServerClient,
    model: ServedModel,
    split: FairVLMed,
    attributes: tuple[Attribute, ...],
    request: Request,
    out: Path,
    console: Console,
) -> Outcomes:
    """Stream what the journal lacks, then read every outcome back from it."""
    predict = TritonPredictor(client, request.endpoint, model, request.in_flight)
    run = {
        "model": f"{model.name} version {model.version}",
        "model_sha256": model.spec.model_sha256,
        "target": split.target,
        "split": request.split,
        "split_sha256": split.fingerprint(),
        "batch_size": str(model.batch_size),
    }
    journal_path = private_folder(out / "records") / "journal.sqlite"
    with Journal(journal_path, run, resume=request.resume) as journal:
        remaining = len(split) - len(journal)
        if remaining:
            batches = journal.unanswered(batched(split, model.batch_size))
            for rows in with_progress(score(batches, predict), remaining, model.name, console):
                journal.record(rows)
        return to_outcomes(journal.rows(), attributes)


def chosen_attributes(split: FairVLMed, names: tuple[str, ...]) -> tuple[Attribute, ...]:
    """The attributes asked for, or all.

    Raises:
        UsageError: the dataset has no such attribute.
        DataError: not one of them is recorded for any sample of the split.
    """
    known = {attribute.name: attribute for attribute in split.attributes}
    for name in names:
        if name not in known:
            raise UsageError(
                f"--attributes: {split.name} has no attribute '{name}' (it has: {', '.join(known)})"
            )
    chosen = tuple(known[name] for name in names) if names else split.attributes
    if all((split.codes[a.name] == UNKNOWN).all() for a in chosen):
        raise DataError(
            f"{', '.join(a.name for a in chosen)}: not recorded for any image in {split.root}, so "
            "there are no groups to compare; name other --attributes"
        )
    return chosen


def check_labels(split: FairVLMed) -> None:
    """Refuse a split whose labels are all equal: nothing that an audit reports is defined."""
    labels = np.unique(split.labels)
    if len(labels) < 2:
        raise DataError(
            f"{split.root}: '{split.target}' is {', '.join(map(str, labels)) or 'absent'} for "
            "every image of the split; audit a model that was trained on another --target"
        )


def provenance_of(
    model: ServedModel,
    identity: str,
    split: FairVLMed,
    n: int,
    threshold: Threshold,
    endpoint: str,
) -> dict[str, Any]:
    """What was measured, on what, with what: everything a reader needs to repeat it."""
    spec = model.spec
    statements = [split.statement() or ""]
    if threshold.split_sha256 == split.fingerprint():
        statements.append("the threshold was chosen on this very split: its rates are optimistic")
    return {
        "what_answered": f"{model.name} version {model.version} ({identity}), {spec.method}, "
        f"answered by {model.server} on {model.device}",
        "model": {
            "name": model.name,
            "version": model.version,
            "identity": identity,
            "method": spec.method,
            "target": spec.target,
            "precision": spec.precision,
            "checkpoint_sha256": spec.checkpoint_sha256,
            "model_sha256": spec.model_sha256,
            "parity": dict(spec.parity),
        },
        "data": {
            "dataset": split.name,
            "split": split.split,
            "path": str(split.root),
            "split_sha256": split.fingerprint(),
            "n": n,
            "n_skipped": len(split.skipped),
            "statement": "; ".join(filter(None, statements)),
        },
        "threshold": asdict(threshold),
        "server": {"name": model.server, "endpoint": endpoint, "device": model.device},
        "tool": {"name": "fair-audit", "version": version("fair-audit-triton")},
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
