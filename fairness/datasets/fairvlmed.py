"""Reads Harvard-FairVLMed (Luo et al., FairCLIP, CVPR 2024), and everything in its layout.

One npz a sample, with an SLO fundus image, a 0/1 label and demographic codes; docs/data.md lists
the layouts and keys.
"""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

from fairness.arrays import Image, IntArray
from fairness.attributes import EYE_ATTRIBUTES, Attribute
from fairness.clip_tokens import clip_tokens
from fairness.datasets.entry import Entry, read_common
from fairness.datasets.notes import LABEL_TEXTS, MAX_CHARACTERS, find_notes
from fairness.datasets.npz import Npz
from fairness.datasets.npz_split import NpzSplit
from fairness.datasets.reader import Options
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
        """Find notes and files; arguments and errors of `NpzSplit`. The target is a 0/1 key."""
        self._text_source = options.get("text_source")
        most = options.get("note_characters", MAX_CHARACTERS)
        self._text_input = options.get("text_input")
        if self._text_input is not None:
            self._text_source, most = "note", self._text_input.characters
        original = self._text_source == "original"
        noted = self._text_source in ("note", "original")
        self._notes = find_notes(Path(root), most, original=original) if noted else None
        super().__init__(root, split, **options)

    def _read_entry(self, path: Path) -> Entry:
        with Npz(path) as npz:
            npz.require(IMAGE_KEY)
            label = read_label(npz, self.target)
            entry = read_common(npz, IMAGE_KEY, {a: a.name for a in EYE_ATTRIBUTES}, _shape(npz))
            return replace(entry, label=label)

    def _completed(self, entry: Entry) -> Entry:
        text = LABEL_TEXTS[entry.label] if self._text_source == "label" else None
        if self._notes is not None:
            text = self._notes.read(entry.path)
        inputs: dict[str, IntArray] = {}
        if self._text_input is not None:
            inputs[self._text_input.name] = clip_tokens([text or ""])[0]
        return entry if text is None else replace(entry, text=text, inputs=inputs)

    def _decode(self, entry: Entry) -> tuple[Image, int]:
        with Npz(entry.path) as npz:
            return read_image(npz, IMAGE_KEY), entry.label


def _shape(npz: Npz) -> tuple[int, ...]:
    try:
        return npz.header(IMAGE_KEY)[0]
    except DataError:
        return ()  # found broken when it is decoded
