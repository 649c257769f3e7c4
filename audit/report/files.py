"""The files of `report/`: written whole or not at all."""

import os
from pathlib import Path

from audit.report.markdown import to_markdown
from fairness.outcomes import GroupReport


def write_report(folder: Path, report: GroupReport) -> None:
    """Write report.json, groups.csv and report.md into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "report.json", report.to_json())
    write_atomically(folder / "groups.csv", report.to_csv())
    write_atomically(folder / "report.md", to_markdown(report))


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, so that nobody reads half a file."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
