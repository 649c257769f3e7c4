"""Reads Harvard-FairVLMed (Luo et al., FairCLIP, CVPR 2024), and everything in its layout.

One npz a sample, with an SLO fundus image, a 0/1 label and demographic codes; docs/data.md lists
the layouts and keys.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, MARITAL_STATUS, RACE, Attribute
from fairness.datasets.entries import Entry, NpzSplit, read_common
from fairness.datasets.notes import LABEL_TEXTS, Notes, find_notes
from fairness.datasets.npz import Npz
from fairness.datasets.values import read_image, read_label
from fairness.samples import Sample

IMAGE_KEY = "slo_fundus"
ATTRIBUTES = (RACE, GENDER, ETHNICITY, LANGUAGE, MARITAL_STATUS)


@dataclass(frozen=True)
class LabelledEntry(Entry):
    """Everything about one file but its image."""

    label: int
    text: str | None


class FairVLMed(NpzSplit[LabelledEntry]):
    """One split, sorted by file name: `len()`, `[i]` and repeated iteration give `Sample`s."""

    name = "fairvlmed"
    attributes: tuple[Attribute, ...] = ATTRIBUTES

    def __init__(
        self,
        root: Path,
        split: str,
        *,
        target: str = "glaucoma",
        text_source: Literal["note", "label"] | None = None,
        on_error: Literal["stop", "skip"] = "stop",
    ) -> None:
        """Find the files and read everything but the images.

        Args:
            root: the folder that holds the split folders or `data_summary.csv`.
            split: `train`, `val` or `test`.
            target: npz key of a 0/1 label.
            text_source: what `Sample.text` is: the `note`, the prompt of the `label`, or None.
            on_error: `stop` at an unusable file, or `skip` it and record it in `skipped`.

        Raises:
            DataError: the split is missing, a file is unusable, or a group code is unknown.
        """
        notes = find_notes(Path(root)) if text_source == "note" else None
        read = partial(read_entry, target=target, text_source=text_source, notes=notes)
        super().__init__(root, split, target, read, on_error)
        self.labels: IntArray = np.array([e.label for e in self._entries], dtype=np.int64)

    def __getitem__(self, index: int) -> Sample:
        """Decode one sample.

        Raises:
            DataError: its image is broken, whatever `on_error` says.
        """
        entry = self._entries[index]
        with Npz(entry.path) as npz:
            image = read_image(npz, IMAGE_KEY)
        return self._sample(index, image, entry.label, entry.text)


def read_entry(
    path: Path,
    target: str,
    text_source: str | None = None,
    notes: Notes | None = None,
) -> LabelledEntry:
    """Everything about one file but its image.

    Raises:
        DataError: the file is broken, a value is not what it must be, or its note is empty.
    """
    with Npz(path) as npz:
        npz.require(IMAGE_KEY)
        label = read_label(npz, target)
        text = LABEL_TEXTS[label] if text_source == "label" else None
        entry = read_common(npz, IMAGE_KEY, {a: a.name for a in ATTRIBUTES})
        return LabelledEntry(**vars(entry), label=label, text=notes.read(npz) if notes else text)
