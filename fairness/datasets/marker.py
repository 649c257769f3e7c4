"""The file beside synthetic data that says what they are, and whether they are all there."""

import json
from collections.abc import Mapping
from pathlib import Path

from fairness.datasets.splits import SYNTHETIC


def read_marker(root: Path) -> Mapping[str, object]:
    """What synthetic data under `root` say of themselves; empty for anything else."""
    try:
        document = json.loads((root / SYNTHETIC).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def is_unfinished(root: Path) -> bool:
    """Whether the writing of synthetic data was interrupted here."""
    return read_marker(root).get("complete") is False
