"""The file beside synthetic data that says what they are, and whether they are all there."""

from collections.abc import Mapping
from pathlib import Path

from fairness.datasets.splits import SYNTHETIC
from fairness.documents import parse_json


def read_marker(root: Path) -> Mapping[str, object]:
    """What synthetic data under `root` say of themselves; empty for anything else."""
    try:
        return parse_json((root / SYNTHETIC).read_bytes())
    except (OSError, ValueError):
        return {}


def is_unfinished(root: Path) -> bool:
    """Whether the writing of synthetic data was interrupted here."""
    return read_marker(root).get("complete") is False
