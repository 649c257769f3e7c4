"""Reads Harvard-FairVLMed (Luo et al., FairCLIP, CVPR 2024), and everything in its layout.

One npz a sample, with an SLO fundus image, a 0/1 label and demographic codes; docs/data.md lists
the layouts and keys.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from fairness.arrays import Image, IntArray
from fairness.attributes import EYE_ATTRIBUTES, Attribute
from fairness.datasets.entry import Entry, read_common
from fairness.datasets.file_split import NpzSplit
from fairness.datasets.notes import LABEL_TEXTS, Notes, find_notes
from fairness.datasets.npz import Npz
from fairness.datasets.reader import Options, TextSource
from fairness.datasets.values import read_image, read_label
from fairness.errors import DataError

IMAGE_KEY = "slo_fundus"


class FairVLMed(NpzSplit):
    """One split, sorted by file name (`reader.Split`); images (H, W) uint8."""

    name = "fairvlmed"
    attributes: tuple[Attribute, ...] = EYE_ATTRIBUTES
    default_target = "glaucoma"
    labels: IntArray

    def __init__(self, root: Path, split: str, **options: Unpack[Options]) -> None:
        """Find the files and read everything but the images.

        Args:
            root: the folder that holds the split folders or `data_summary.csv`.
            split: `train`, `val` or `test`.
            options: as `Options`; the target is the npz key of a 0/1 label.

        Raises:
            DataError: the split is missing, a file is unusable, or a group code is unknown.
        """
        text_source = options.get("text_source")
        notes = find_notes(Path(root)) if text_source == "note" else None
        target = options.get("target") or self.default_target
        read = partial(read_entry, target=target, text_source=text_source, notes=notes)
        super().__init__(root, split, options, read)

    def _decode(self, entry: Entry) -> tuple[Image, int]:
        with Npz(entry.path) as npz:
            return read_image(npz, IMAGE_KEY), entry.label


def read_entry(
    path: Path, target: str, text_source: TextSource | None = None, notes: Notes | None = None
) -> Entry:
    """Everything about one file but its image.

    Raises:
        DataError: the file is broken, a value is not what it must be, or its note is empty.
    """
    with Npz(path) as npz:
        npz.require(IMAGE_KEY)
        label = read_label(npz, target)
        text = LABEL_TEXTS[label] if text_source == "label" else None
        entry = read_common(npz, IMAGE_KEY, {a: a.name for a in EYE_ATTRIBUTES}, _shape(npz))
        return replace(entry, label=label, text=notes.read(npz) if notes else text)


def _shape(npz: Npz) -> tuple[int, ...]:
    try:
        return npz.header(IMAGE_KEY)[0]
    except DataError:
        return ()  # found broken when it is decoded
