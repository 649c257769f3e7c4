"""Numbers beside a report as csv files, one a table; none where nothing was asked for."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from fairness.beside.tables import Beside
from fairness.text import csv_cell


def beside_files(beside: Beside | None) -> dict[str, str]:
    """Name to text of each file."""
    if beside is None:
        return {}
    tables: dict[str, Sequence[Any]] = {
        "standardised.csv": beside.standardised,
        "standardised_pairs.csv": beside.standardised_pairs,
        "decision_curves.csv": beside.decisions,
        "recalibration.csv": beside.recalibrated,
        "adjusted.csv": beside.adjusted,
        "adjusted_by_model.csv": beside.modelled,
        "adjusted_sites.csv": beside.over_sites,
        "chosen_threshold.csv": beside.chosen.rows if beside.chosen else (),
        "chosen_threshold_pairs.csv": beside.chosen.pairs if beside.chosen else (),
        "chosen_threshold_gaps.csv": beside.chosen.largest if beside.chosen else (),
        "reader_agreement.csv": beside.agreement,
        "by_reader.csv": beside.by_reader,
        "reader_gaps.csv": beside.reader_gaps,
    }
    return {name: csv_of(items) for name, items in tables.items() if items}


def csv_of(items: Sequence[Any]) -> str:
    """One line an item, with cells that no spreadsheet calculates."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([field.name for field in fields(items[0])])
    writer.writerows(map(csv_cell, map(joined, asdict(item).values())) for item in items)
    return text.getvalue()


def joined(value: object) -> object:
    """A list of texts as one text."""
    return " | ".join(value) if isinstance(value, list | tuple) else value
