"""One line of a history: what an audit was of, and whether its people are new; or why it failed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.policy.verdict import label_of
from audit.report.document import MOST_BYTES, Document, document_of
from audit.report.meanings import partial_line
from fairness.errors import DataError, UsageError
from fairness.outcomes import Row
from fairness.tasks.catalogue import tables_of
from fairness.text import one_line

WHEN = "%Y-%m-%dT%H:%M:%S%z"
"""Of `finished` in a report."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """An audit, as a history has it; of one that failed only time, folder and error are known."""

    time: datetime
    """When it was finished, or failed."""
    folder: str
    """Relative to that of the history where it lies inside, else absolute."""
    report_sha256: str | None = None
    """Of report.json, by which the same run is known again."""
    error: str | None = None
    """Why it failed."""
    model: str | None = None
    version: str | None = None
    weights_sha256: str | None = None
    """Of the exported model, or of its checkpoint."""
    description_sha256: str | None = None
    """Of its model.yaml."""
    threshold: str | None = None
    dataset: str | None = None
    split: str | None = None
    split_sha256: str | None = None
    verdict: str | None = None
    confidence: float | None = None
    """Of the intervals."""
    seen_before: float | None = None
    """Share of its people who are in earlier counted runs, in hundredths, rounded down; None: not
    known."""
    counted: bool = False
    """Whether it enters the charts."""
    not_counted: str | None = None
    """Why not."""

    @property
    def identity(self) -> tuple[str | None, ...]:
        """What tells one model, as it is served and judged, from another of the same name."""
        made = (self.version, self.weights_sha256, self.description_sha256)
        return (self.model, *made, self.threshold)


@dataclass(frozen=True)
class Read:
    """A run with its numbers, as its report has them."""

    run: Run
    rows: tuple[Row, ...]
    ranks: tuple[int | None, ...]
    """Of each row: 0 for the number of groups that its report leads with, 1, 2, ... for the others
    that people see; None for the rest."""


def read_run(folder: Path, history: Path) -> Read:
    """The run in `folder`, to be added to the history in another.

    Raises:
        DataError: its report cannot be read, or does not say when it was finished.
        UsageError: it is partial.
    """
    path = folder / "report" / "report.json"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path}: larger than {MOST_BYTES >> 20} MB, no report.json")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name the folder of a run") from None
    document = document_of(content, str(path))
    about = document.provenance
    if partial_line(about):
        raise UsageError(f"{folder}: its report is partial; finish the run with --resume first")
    try:
        time = datetime.strptime(str(about["finished"]), WHEN).astimezone(UTC)
    except (KeyError, ValueError):
        raise DataError(f"{path}: it does not say when it was finished; audit anew") from None
    model, data = about["model"], about["data"]
    run = Run(
        time=time,
        folder=named_from(folder, history),
        report_sha256=hashlib.sha256(content).hexdigest(),
        model=document.rows[0].model,
        version=text_of(model, "version"),
        weights_sha256=text_of(model, "model_sha256") or text_of(model, "checkpoint_sha256"),
        description_sha256=text_of(model, "description_sha256"),
        threshold=threshold_of(about["threshold"]),
        dataset=one_line(data["dataset"]),
        split=one_line(data["split"]),
        split_sha256=text_of(data, "split_sha256"),
        verdict=document.verdict,
        confidence=about["statistics"]["confidence"],
    )
    return Read(run, *ranked_rows(document))


def ranked_rows(document: Document) -> tuple[tuple[Row, ...], tuple[int | None, ...]]:
    """The numbers of the first way of asking, and of each label, with their ranks."""
    report = document.report()
    rows: list[Row] = []
    ranks: list[int | None] = []
    for one in (report, *report.also):
        if one is not report and not label_of(one):
            continue  # another way of asking, or another average of the same labels
        place = {metric: k for k, metric in enumerate(tables_of(one).groups.values())}
        rows += one.rows
        ranks += [place.get(row.metric) for row in one.rows]
    return tuple(rows), tuple(ranks)


def named_from(folder: Path, history: Path) -> str:
    """A folder as a history names it."""
    whole, root = folder.resolve(), history.resolve()
    return str(whole.relative_to(root) if whole.is_relative_to(root) else whole)


def text_of(about: Mapping[str, Any], name: str) -> str | None:
    """A text of a provenance; None where it is absent or empty."""
    return one_line(about.get(name)) or None


def threshold_of(said: Mapping[str, Any] | None) -> str | None:
    """`0.5`, and those of labels after it; None where there is none."""
    if said is None:
        return None
    of_labels = [f"{one_line(name)}={value:.6g}" for name, value in said["by_label"].items()]
    return ",".join([f"{said['value']:.6g}", *of_labels])
