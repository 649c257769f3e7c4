"""Audit one served model on one split: check, stream, journal, hand over to the analysis."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console
from tritonclient.grpc import InferenceServerClient

from audit.analysis import AnalysisOptions, check_compat, finish, groupings_of
from fairness.tasks.measured import Audited, scored, segmented
from audit.client.predictor import TritonPredictor
from audit.client.endpoint import describe, verify
from audit.records.journal import Journal
from audit.records.masks import draw_worst, keeping
from audit.policy.policy import read_policy
from audit.progress import with_progress
from audit.provenance import provenance_of
from audit.records.outcomes import private_folder, write_outcomes, write_skipped
from audit.threshold import read_threshold
from audit.ways import WITHHELD, check_groups, counterfactual, reading_of
from fairness.attributes import UNKNOWN, Attribute
from fairness.contract import ModelSpec, Threshold
from fairness.datasets import open_split
from fairness.datasets.reader import Split
from fairness.errors import DataError, UsageError
from fairness.evaluate import Scored, score, to_case_outcomes, to_outcomes
from fairness.outcomes import CaseOutcomes, Cases, Outcomes
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
    distances: bool
    """Of masks: also the distances between surfaces."""
    worst: int
    """Of masks: so many of the worst cases of each group are drawn."""
    keep_masks: bool


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
    check_compat(options.compat, model.spec.task)
    identity = verify(client, request.endpoint, model) if request.probes else "declared"
    split = split_of(model.spec, request)
    attributes = chosen_attributes(split, request.attributes, model.spec)
    check_split(split, model.spec)
    check_options(split, attributes, options)
    threshold = threshold_of(model.spec, split, request.threshold)
    predict = TritonPredictor(client, request.endpoint, model, request.in_flight)
    rows = collect(predict, split, request, out, console)
    names = Names(model.name, split.name, request.split)
    audited = audited_of(rows, model.spec, attributes, threshold, names)
    records = out / "records"
    outcomes = audited[0].cases
    assert isinstance(outcomes, Outcomes | CaseOutcomes)  # `audited_of` makes nothing else
    write_outcomes(records / "outcomes.parquet", outcomes, split.fingerprint(), names)
    write_skipped(records / "skipped.csv", split.skipped)
    about = provenance_of(model, identity, split, len(rows), threshold, request.endpoint)
    code = finish(audited, about, options, out, console)
    if isinstance(outcomes, CaseOutcomes) and request.worst:
        draw_worst(predict, split, outcomes, request.worst, records / "worst", console)
    return code


def split_of(spec: ModelSpec, request: Request) -> Split:
    """The split to audit, by the reader that the model names."""
    return open_split(
        spec.dataset,
        request.data or Path("data") / spec.dataset,
        request.split,
        target=spec.target,
        on_error=request.on_error,
        attribute=spec.attribute or "race",
        shape=spec.image_shape,
    )


def threshold_of(spec: ModelSpec, split: Split, given: str | None) -> Threshold | None:
    """The operating point: given, or the model's own; None where it draws masks.

    Raises:
        UsageError: a threshold is given to a model that draws masks, or was tuned on this split.
    """
    if spec.task == "segmentation":
        if given is not None:
            raise UsageError("--threshold: the model draws masks, it has none; leave it out")
        return None
    if given is None:
        return spec.threshold
    return read_threshold(given, split.fingerprint())


def collect(
    predict: TritonPredictor, split: Split, request: Request, out: Path, console: Console
) -> list[Scored]:
    """Stream what the journal lacks, then read every answer back from it."""
    model = predict.model
    run = {
        "model": f"{model.name} version {model.version}",
        "model_sha256": model.spec.model_sha256,
        "target": split.target,
        "split": request.split,
        "split_sha256": split.fingerprint(),
        "batch_size": str(model.batch_size),
        "distances": str(request.distances),
    }
    records = private_folder(out / "records")
    reading = reading_of(model.spec, request.distances)
    if request.keep_masks and model.spec.task == "segmentation":
        reading = keeping(reading, private_folder(records / "masks"))
    with Journal(records / "journal.sqlite", run, resume=request.resume) as journal:
        remaining = len(split) - len(journal)
        if remaining:
            batches = journal.unanswered(batched(split, model.batch_size))
            answered = score(batches, predict, reading)
            for rows in with_progress(answered, remaining, model.name, console):
                journal.record(rows)
        return list(journal.rows())


def audited_of(
    rows: list[Scored],
    spec: ModelSpec,
    attributes: tuple[Attribute, ...],
    threshold: Threshold | None,
    names: Names,
) -> list[Audited]:
    """What is reported: masks; or scores, and of a model that takes the group, how it uses it."""
    if threshold is None:  # masks
        return [segmented(to_case_outcomes(rows, attributes), names)]
    value = threshold.value
    recorded = scored(to_outcomes(rows, attributes), value, names)
    if spec.group_input is None:
        return [recorded]
    withheld = scored(
        to_outcomes(rows, attributes, WITHHELD),
        value,
        replace(names, model=f"{names.model}, group withheld"),
    )
    cases, measures = counterfactual(rows, spec.group_input, attributes, value)
    moved = Audited(replace(names, model=f"{names.model}, every group in turn"), cases, measures)
    return [recorded, withheld, moved]


def chosen_attributes(
    split: Split, names: tuple[str, ...], spec: ModelSpec
) -> tuple[Attribute, ...]:
    """The attributes asked for, or all; and what a model that takes a group asks for.

    Raises:
        UsageError: the dataset has no such attribute.
        DataError: not one of them is recorded for any sample of the split.
    """
    check_groups(spec, split)
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


def check_options(
    split: Split, attributes: tuple[Attribute, ...], options: AnalysisOptions
) -> None:
    """Refuse what the analysis would refuse at the end, before hours of streaming.

    Raises:
        UsageError: a flag names an attribute or covariate that the data do not have.
        DataError: the policy cannot be read.
    """
    cases = Cases(
        ids=split.ids,
        patients=split.patients,
        attributes=attributes,
        codes={a.name: split.codes[a.name] for a in attributes},
        covariates=split.covariates,
    )
    groupings_of(cases, options)
    if options.policy is not None:
        read_policy(options.policy)


def check_split(split: Split, spec: ModelSpec) -> None:
    """Refuse a split whose labels are all equal: nothing that an audit reports is defined."""
    labels = np.unique(getattr(split, "labels", np.array([0, 1])))
    if spec.task == "classification" and len(labels) < 2:
        raise DataError(
            f"{split.root}: '{split.target}' is {', '.join(map(str, labels)) or 'absent'} for "
            "every image of the split; audit a model that was trained on another --target"
        )
