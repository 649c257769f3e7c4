"""The files of `report/`: aggregates only, written all or not at all."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from audit.page.render import page
from audit.policy.verdict import Judgement
from audit.report.beside_files import beside_files
from audit.report.chai import to_chai
from audit.report.document import document_of
from audit.report.flow import flow_of
from audit.report.junit import to_junit
from audit.report.labels import is_of_several
from audit.report.layout import compat_lines
from audit.report.markdown import to_markdown
from audit.report.meanings import partial_line
from audit.report.model_card import to_model_card
from fairness.atomic import replace_files
from fairness.beside.tables import Beside
from fairness.compat.compared import Compared
from fairness.outcomes import Contrast, GroupReport, Row
from fairness.text import csv_cell

MANIFEST = "MANIFEST.sha256"
"""As `sha256sum --check` reads it."""


def write_report(
    folder: Path,
    report: GroupReport,
    judgement: Judgement | None,
    compared: Sequence[Compared],
    original: str | None = None,
    beside: Beside | None = None,
) -> None:
    """Write report.json and what is made of it: page, tables, junit.xml, manifest.

    And the results as the original evaluation writes them, and numbers beside, where wanted.

    An earlier report in `folder` is replaced as a whole, or stays as it is. A partial report has
    no cards: they are made to be passed on.
    """
    document = report.document()
    document["verdict"] = judgement.verdict if judgement else None
    document["flow"] = asdict(flow_of(report))
    if judgement:
        document["policy"] = judgement.policy.model_dump(mode="json")
        document["checks"] = [asdict(check) for check in judgement.checks]
        document["level"] = asdict(judgement.level) if judgement.level else None
        document["planned"] = asdict(judgement.planned) if judgement.planned else None
    if beside:
        document["beside"] = asdict(beside)
    if compared:
        columns = ("attribute", "group", "metric", "original", "ours")
        document["compat"] = [
            dict(zip(columns, line, strict=True)) for line in compat_lines(report, compared)
        ]
    # Rows of every way of asking; their `model` tells them apart.
    rows = [row for one in (report, *report.also) for row in one.rows]
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    reports = (report, *report.also) if is_of_several(report) else (report,)
    contrasts = [contrast for one in reports for contrast in one.contrasts]
    partial = partial_line(report.provenance)
    files = {
        "report.json": text,
        "report.html": page(document_of(text, "report.json")),
        "groups.csv": to_csv(Row, rows),
        "contrasts.csv": to_csv(Contrast, contrasts),
        "report.md": to_markdown(report, judgement, compared, beside),
        "model_card.md": None if partial else to_model_card(report, judgement),
        "chai.xml": None if partial else to_chai(report, judgement),
        "junit.xml": to_junit(judgement) if judgement else None,
        "original_results.csv": original,
        **beside_files(beside),
    }
    replace_files(folder, {**files, MANIFEST: manifest(files)})


def manifest(files: Mapping[str, str | None]) -> str:
    """One line a file: SHA-256 and name."""
    lines = [
        f"{hashlib.sha256(text.encode(errors='replace')).hexdigest()}  {name}\n"
        for name, text in sorted(files.items())
        if text is not None
    ]
    return "".join(lines)


def to_csv(kind: type[Row] | type[Contrast], items: Sequence[Any]) -> str:
    """One line an item; undefined is empty, floats are written so that they read back.

    Texts are cells that no spreadsheet calculates (`csv_cell`).
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f.name for f in fields(kind)])
    writer.writerows(map(csv_cell, asdict(item).values()) for item in items)
    return text.getvalue()
