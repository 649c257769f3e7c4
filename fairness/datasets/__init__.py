"""One dataset, one file; the only code that knows raw keys and codes."""

from pathlib import Path
from typing import Literal

from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError

SPLITS = ("train", "val", "test")


def open_split(
    dataset: str, root: Path, split: str, target: str, on_error: Literal["stop", "skip"]
) -> FairVLMed:
    """The reader of a dataset, by the name that a model's self-description gives.

    Raises:
        UsageError: there is no such reader.
        DataError: the folder or the split is not there.
    """
    if dataset == "fairvlmed":
        return FairVLMed(root, split, target=target, on_error=on_error)
    raise UsageError(
        f"this fair-audit reads no dataset '{dataset}' (it reads: fairvlmed); update it"
    )
