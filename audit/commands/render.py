"""`fair-audit render`, `verify` and `schema`: the page again, and whether a report is untouched."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from rich.console import Console

from audit.compare.document import compare_schema
from audit.page.render import page
from audit.report.document import json_schema, read_document
from audit.report.files import MANIFEST
from fairness.atomic import write_atomically
from fairness.errors import DataError, UsageError
from fairness.guard import DEBUG_HELP

RENDER_HELP = """Write report/report.html of a run again, from its report.json alone.

Example:

  fair-audit render reports/fairclip/RUN
"""

VERIFY_HELP = """Hold the files of a report to the SHA-256 that were written with it. It shows that
nothing was changed by accident, not who wrote it: keep the manifest apart to show that.

Example:

  fair-audit verify reports/fairclip/RUN
"""

SCHEMA_HELP = """Print the JSON Schema of report.json, or of compare.json.

Examples:

  fair-audit schema > report.schema.json

  fair-audit schema compare > compare.schema.json
"""


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run."""

    run: tyro.conf.Positional[Path]
    """Folder that holds report/."""

    @property
    def report(self) -> Path:
        """Its `report/`.

        Raises:
            UsageError: there is none.
        """
        folder = self.run / "report"
        if not folder.is_dir():
            raise UsageError(f"{self.run}: it holds no report/; name the folder of a run")
        return folder


@dataclass(frozen=True)
class SchemaOf:
    """Which file a schema is of."""

    of: tyro.conf.Positional[Literal["report", "compare"]] = "report"
    """report.json, or compare.json of `fair-audit compare`."""


def render(arguments: list[str], console: Console) -> int:
    """`fair-audit render`; the exit code.

    Raises:
        DataError: report.json cannot be read.
    """
    options = tyro.cli(
        RunFolder, prog="fair-audit render", description=RENDER_HELP + DEBUG_HELP, args=arguments
    )
    path = options.report / "report.html"
    write_atomically(path, page(read_document(options.report / "report.json")))
    console.print(f"page: {path}", highlight=False, markup=False)
    return 0


def verify(arguments: list[str], console: Console) -> int:
    """`fair-audit verify`; the exit code.

    Raises:
        DataError: the manifest cannot be read, or a file is not as it was written.
    """
    options = tyro.cli(
        RunFolder, prog="fair-audit verify", description=VERIFY_HELP + DEBUG_HELP, args=arguments
    )
    folder = options.report
    names = manifest_of(folder / MANIFEST)
    for name, expected in names.items():
        try:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise DataError(f"{folder / name}: {error.strerror}; the manifest names it") from None
        if found != expected:
            raise DataError(
                f"{folder / name}: changed since it was written; take the report from its source"
            )
    strange = {path.name for path in folder.iterdir()} - {*names, MANIFEST}
    for name in sorted(strange):
        console.print(f"note: {name} is not in the manifest", highlight=False, markup=False)
    console.print(f"{len(names)} files as they were written", highlight=False, markup=False)
    return 0


def manifest_of(path: Path) -> dict[str, str]:
    """File name to SHA-256.

    Raises:
        DataError: it is absent, or no manifest.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"{path}: it cannot be read; write the report anew") from None
    parts = [line.split("  ", 1) for line in lines]
    found = {part[1]: part[0] for part in parts if len(part) == 2}
    if not found or any("/" in name for name in found):
        raise DataError(f"{path}: no manifest; write the report anew")
    return found


def schema(arguments: list[str], console: Console) -> int:
    """`fair-audit schema`; the exit code."""
    options = tyro.cli(
        SchemaOf, prog="fair-audit schema", description=SCHEMA_HELP + DEBUG_HELP, args=arguments
    )
    text = json_schema() if options.of == "report" else compare_schema()
    console.print(text.rstrip(), highlight=False, markup=False, soft_wrap=True)
    return 0
