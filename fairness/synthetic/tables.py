"""Writes the csv files beside the images of synthetic data, in the published columns."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from fairness.atomic import write_atomically
from fairness.datasets.notes import SUMMARY_FILES
from fairness.datasets.splits import SUMMARY
from fairness.synthetic.patients import SHARES, Visit

_USES = {"train": "training", "val": "validation", "test": "test"}


def write_table(path: Path, header: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    """Write a csv file, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, text.getvalue())


def write_tables(root: Path, visits: Sequence[Visit]) -> None:
    """Write `data_summary.csv`, in words, and `gpt-4_summarized_notes.csv`."""
    names = [attribute.name for attribute in SHARES]
    header = ["filename", "age", *names, "note", "gpt4_summary", "glaucoma", "use"]
    write_table(root / SUMMARY, header, map(_summary_row, visits))
    header = ["File Name", "Original Note", "Summarized Note"]
    write_table(root / SUMMARY_FILES[0], header, ([v.file, v.note, v.summary] for v in visits))


def _summary_row(visit: Visit) -> list[object]:
    words = [a.label(visit.patient.codes[a.name]).lower() for a in SHARES]
    label = ("no", "yes")[visit.finding.glaucoma]
    texts = [visit.note, visit.summary, label, _USES[visit.split]]
    return [visit.file, visit.patient.age, *words, *texts]
