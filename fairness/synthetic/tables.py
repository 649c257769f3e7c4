"""Writes the two csv files beside the images of a synthetic data set, in the published columns."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from fairness.atomic import replace
from fairness.synthetic.patients import SHARES, Visit
from fairness.datasets.notes import SUMMARY_FILES
from fairness.datasets.splits import SUMMARY

_USES = {"train": "training", "val": "validation", "test": "test"}


def write_tables(root: Path, visits: Sequence[Visit]) -> None:
    """Write `data_summary.csv`, in words, and `gpt-4_summarized_notes.csv`."""
    names = [attribute.name for attribute in SHARES]
    header = ["filename", "age", *names, "note", "gpt4_summary", "glaucoma", "use"]
    _write(root / SUMMARY, header, map(_summary_row, visits))
    header = ["File Name", "Original Note", "Summarized Note"]
    _write(root / SUMMARY_FILES[0], header, ([v.file, v.note, v.summary] for v in visits))


def _summary_row(visit: Visit) -> list[object]:
    words = [a.label(visit.patient.codes[a.name]).lower() for a in SHARES]
    label = ("no", "yes")[visit.finding.glaucoma]
    texts = [visit.note, visit.summary, label, _USES[visit.split]]
    return [visit.file, visit.patient.age, *words, *texts]


def _write(path: Path, header: list[str], rows: Iterable[list[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    replace(path, text.getvalue().encode())
