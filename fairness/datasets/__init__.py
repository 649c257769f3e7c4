"""One dataset, one file; the only code that knows raw keys and codes."""

from pathlib import Path
from typing import Literal

from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import Split
from fairness.errors import UsageError

SPLITS = ("train", "val", "test")
READERS = ("fairvlmed", "fairseg", "fairfedmed-slo", "fairfedmed-oct", "fairfedmed-chest")


def open_split(
    dataset: str,
    root: Path,
    split: str,
    *,
    target: str,
    on_error: Literal["stop", "skip"],
    attribute: str = "race",
    shape: tuple[int, ...] | None = None,
) -> Split:
    """The reader of a dataset, by the name that a model's self-description gives.

    Args:
        dataset: one of `READERS`.
        root: folder of the data.
        split: `train`, `val` or `test`.
        target: key of what is to be predicted.
        on_error: what to do about a file that cannot be read.
        attribute: whose division into sites is read, where a dataset has one for each attribute.
        shape: of every image: radiographs are squashed to it, other images of another shape count
            as unusable. None: any.

    Raises:
        UsageError: there is no such reader.
        DataError: the folder or the split is not there.
    """
    if dataset == "fairfedmed-chest":
        size = (shape[0], shape[1]) if shape else None
        return FairFedMedChest(
            root, split, target=target, attribute=attribute, size=size, on_error=on_error
        )
    found = _open_npz(dataset, root, split, target, on_error, attribute)
    if shape is not None:
        found.require_shape(shape)
    return found


def _open_npz(
    dataset: str,
    root: Path,
    split: str,
    target: str,
    on_error: Literal["stop", "skip"],
    attribute: str,
) -> FairVLMed | FairSeg | FairFedMedOph:
    if dataset == "fairvlmed":
        return FairVLMed(root, split, target=target, on_error=on_error)
    if dataset == "fairseg":
        return FairSeg(root, split, target=target, on_error=on_error)
    if dataset in ("fairfedmed-slo", "fairfedmed-oct"):
        modality: Literal["slo", "oct"] = "slo" if dataset == "fairfedmed-slo" else "oct"
        return FairFedMedOph(
            root, split, modality=modality, target=target, attribute=attribute, on_error=on_error
        )
    raise UsageError(
        f"this fair-audit reads no dataset '{dataset}' (it reads: {', '.join(READERS)}); update it"
    )
