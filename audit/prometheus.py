"""Numbers of audits as Prometheus text, for the textfile collector of node exporter.

The text follows both the Prometheus text format 0.0.4 and OpenMetrics 1.0: every family together,
its type before its samples, no timestamps, and `# EOF` at the end, which is a comment in the first.
Only what a report shows is written; a hidden group has no sample.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit.monitoring.run import WHEN
from audit.monitoring.trend import Trend
from audit.policy.verdict import label_of
from audit.report.document import Document, read_document
from audit.report.model_card import shown_rows
from fairness.atomic import write_atomically
from fairness.attributes import ALL, OVERALL
from fairness.errors import UsageError
from fairness.text import one_line

PREFIX = "fair_audit_"
VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE")


@dataclass(frozen=True)
class Sample:
    """One number of one family."""

    family: str
    help: str
    labels: Mapping[str, str]
    value: float


def check_metrics_file(path: Path | None) -> None:
    """Refuse a file that could not be written, or that no collector would read.

    Raises:
        UsageError: it is one.
    """
    if path is None:
        return
    if path.suffix != ".prom":
        raise UsageError(f"--metrics-file {path}: node exporter reads files *.prom; name it so")
    folder = path.absolute().parent
    if not folder.is_dir() or path.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"--metrics-file {path}: no file can be written there; name another")


def write_metrics(path: Path, folders: Sequence[Path], trend: Trend | None = None) -> None:
    """Write the numbers of the runs in these folders, and what a trend found, whole or not at all.

    Raises:
        DataError: a report cannot be read.
    """
    documents = [read_document(folder / "report" / "report.json") for folder in folders]
    found = [sample for one in documents for sample in samples_of(one)]
    write_atomically(path, metrics_text([*found, *(samples_of_trend(trend) if trend else ())]))


def samples_of(document: Document) -> list[Sample]:
    """The numbers that a report shows, its verdict, and when it was finished."""
    report, about = document.report(), document.provenance
    model = {"model": document.rows[0].model}
    found = []
    for one in (report, *report.also):
        if one is not report and not label_of(one):
            continue
        for name, row in shown_rows(one):
            labels = {**model, "label": row.label, "attribute": row.attribute, "group": row.group}
            over = row.group == ALL and row.attribute != OVERALL
            whom = "over the groups of an attribute" if over else "of everybody and of each group"
            values = {"": row.value, "_low": row.low, "_high": row.high}
            said = {"": "", "_low": ", lower limit", "_high": ", upper limit"}
            found += [
                Sample(f"{row.metric}{end}", f"{name} {whom}{said[end]}.", labels, value)
                for end, value in values.items()
                if value is not None
            ]
            if row.n is not None and not over:
                found.append(Sample("samples", "Audited samples.", labels, row.n))
    if document.verdict is not None:
        found += [
            Sample(
                "verdict",
                "Verdict of the policy: 1 at the one that holds.",
                {**model, "verdict": verdict},
                float(verdict == document.verdict),
            )
            for verdict in VERDICTS
        ]
    data, said_model = about["data"], about["model"]
    facts = {
        **model,
        "version": one_line(said_model.get("version")),
        "dataset": one_line(data["dataset"]),
        "split": one_line(data["split"]),
        "split_sha256": one_line(data.get("split_sha256")),
    }
    found.append(Sample("report", "What was audited; always 1.", facts, 1.0))
    try:
        time = datetime.strptime(str(about.get("finished")), WHEN).timestamp()
    except ValueError:
        return found
    name, told = "last_success_timestamp_seconds", "When the newest audit was finished."
    return [*found, Sample(name, told, model, time)]


def samples_of_trend(trend: Trend) -> list[Sample]:
    """How many changes each chart has found, and how many runs the history has."""
    found = []
    for one in trend.charts:
        series = one.series
        labels = {
            "model": series.model,
            "label": series.label,
            "attribute": series.attribute,
            "group": series.group,
            "against": series.against or "",
            "metric": series.metric,
        }
        told = "Changes that the chart of this number has found so far."
        found.append(Sample("change_points", told, labels, float(len(one.chart.alarms))))
    kinds = {
        "counted": sum(run.counted for run in trend.runs),
        "failed": sum(run.error is not None for run in trend.runs),
    }
    kinds["not_counted"] = len(trend.runs) - sum(kinds.values())
    told = "Audits in the history: on new people, others, and failed ones."
    return [*found, *(Sample("runs", told, {"kind": k}, float(n)) for k, n in kinds.items())]


def metrics_text(samples: Iterable[Sample]) -> str:
    """Families one after another, each number once."""
    families: dict[str, tuple[str, dict[str, float]]] = {}
    for one in samples:
        labels = ",".join(f'{key}="{escaped(text)}"' for key, text in one.labels.items() if text)
        _, numbers = families.setdefault(one.family, (one.help, {}))
        numbers.setdefault(labels, one.value)
    parts: list[str] = []
    taken: set[str] = set()
    for family, (told, numbers) in families.items():
        name = PREFIX + re.sub(r"[^a-zA-Z0-9_]", "_", family)
        while name in taken:  # structures of masks may differ in a blank and a dash alone
            name += "_"
        taken.add(name)
        text = re.sub(r'[\\"]', "", one_line(told))
        parts += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        parts += [f"{name}{{{labels}}} {value!r}" for labels, value in numbers.items()]
    return "\n".join([*parts, "# EOF"]) + "\n"


def escaped(text: str) -> str:
    """A value of a label: one printable line, with backslashes and quotes escaped."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')
