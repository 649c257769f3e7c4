"""What a command wrote, as an object that shows itself in a notebook."""

import html
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fairness.documents import parse_json
from fairness.errors import UsageError

PAGES = ("report/report.html", "compare.html")
DOCUMENTS = ("report/report.json", "compare.json")
TALLEST = 800
"""Pixels of the page in a notebook."""


@dataclass(frozen=True)
class Result:
    """A folder that `fair-audit` wrote."""

    folder: Path

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """What `report.json` or `compare.json` holds."""
        path = next(self.folder / name for name in DOCUMENTS if (self.folder / name).exists())
        return parse_json(path.read_bytes())

    @property
    def verdict(self) -> str | None:
        """PASS, FAIL or INCONCLUSIVE; None without a policy."""
        found = self.document.get("verdict")
        return None if found is None else str(found)

    def to_frame(self) -> Any:
        """Every number as a pandas DataFrame: rows of a report, or changes of a comparison.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas as pd  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError:
            raise UsageError("pandas is not installed; pip install pandas") from None
        document = self.document
        parts = [document, *document.get("also", ())] if "rows" in document else []
        rows = [row for part in parts for row in part["rows"]] or document.get("changes")
        return pd.DataFrame(rows)

    def save(self, folder: str | Path) -> "Result":
        """Copy everything into `folder`, which must not be there yet.

        Raises:
            UsageError: it is there, or cannot be written.
        """
        to = Path(folder)
        if to.exists():
            raise UsageError(f"{to} is there; name a new folder")
        try:
            shutil.copytree(self.folder, to)
        except OSError as error:
            raise UsageError(f"{to}: {error.strerror}; name another folder") from None
        return Result(to)

    def _repr_html_(self) -> str:
        """The page, in a frame of its own, so that its styles touch nothing else."""
        path = next(self.folder / name for name in PAGES if (self.folder / name).exists())
        page = html.escape(path.read_text(encoding="utf-8"), quote=True)
        style = f"width:100%;height:{TALLEST}px;border:0"
        return f'<iframe sandbox srcdoc="{page}" style="{style}"></iframe>'
