"""The files of a comparison, written all or not at all."""

import json
from pathlib import Path

from audit.compare.comparison import Comparison
from audit.compare.overview import Overview
from audit.page.compare import compare_page
from audit.page.runs import runs_page
from audit.report.files import MANIFEST, manifest, to_csv
from audit.report.junit import to_junit
from fairness.atomic import replace_files
from fairness.outcomes import Contrast


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """Write compare.html, compare.json, changes.csv, with a policy junit.xml, and a manifest."""
    files: dict[str, str | None] = {
        "compare.json": json.dumps(comparison.document(), indent=1, allow_nan=False) + "\n",
        "compare.html": compare_page(comparison),
        "changes.csv": to_csv(Contrast, comparison.changes),
        "junit.xml": to_junit(comparison.judgement) if comparison.judgement else None,
    }
    replace_files(folder, {**files, MANIFEST: manifest(files)})


def write_overview(folder: Path, overview: Overview) -> None:
    """Write compare.html and compare.json of several runs, and a manifest of both."""
    files: dict[str, str | None] = {
        "compare.json": json.dumps(overview.document(), indent=1, allow_nan=False) + "\n",
        "compare.html": runs_page(overview),
        "changes.csv": None,
        "junit.xml": None,
    }
    replace_files(folder, {**files, MANIFEST: manifest(files)})
