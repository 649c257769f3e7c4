"""One split of a data set, as every reader offers it to evaluation, training and audit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypedDict

import numpy as np

from fairness.arrays import Array, FloatArray, Image, IntArray
from fairness.attributes import Attribute
from fairness.contract import TextInput
from fairness.errors import DataError
from fairness.samples import Sample

OnError: TypeAlias = Literal["stop", "skip"]
"""Stop at an unusable file, or leave it out and record it."""

TextSource: TypeAlias = Literal["note", "original", "label"]


class Options(TypedDict, total=False):
    """Options of every reader; one that does not concern its data set is ignored."""

    target: str | None
    """Key of what is to be predicted; None for the reader's `default_target`."""
    on_error: OnError
    """`stop` at an unusable file (default), or `skip` it and record it in `skipped`."""
    shape: tuple[int, ...] | None
    """Of every image: radiographs are squashed to it, other images of another shape count as
    unusable. None: any."""
    channels: int
    """1: grey images (default); 3: (H, W, 3) red, green and blue, from a table of files alone."""
    further: tuple[str, ...]
    """Names of npz keys or csv columns that become attributes, beside those of the reader."""
    attribute: str
    """By which the sites were made, where they are made anew for each attribute; default `race`."""
    sites: tuple[str, ...] | None
    """Names of the sites to read, such as `("1", "3")`, whose codes stay the same; None for all."""
    index: bool
    """Whether what files said when they were last opened may be used (`folder_index.py`)."""
    text_source: TextSource | None
    """Text of a sample: its `note`, which is a summary where there is one; its `original` note; the
    prompt of its `label`; or None."""
    note_characters: int
    """That are kept of a note; default 180."""
    text_input: TextInput | None
    """A model's, for which the note of each sample becomes tokens; None, or where there is none."""


class Split(Protocol):
    """One split, sorted by id: columns of all samples, and images decoded one at a time."""

    root: Path
    split: str
    target: str
    """Key of what is to be predicted."""
    attributes: tuple[Attribute, ...]
    codes: Mapping[str, IntArray]
    """Attribute name to group codes (n,), -1 where unknown."""
    covariates: Mapping[str, FloatArray]
    """age (years), md (dB), site, ...: (n,), NaN where unknown."""
    notes: tuple[str, ...]
    """What the user should know about how the data were read; lines for the terminal."""
    image_type: np.dtype[Any]
    """Of the numbers of every image: uint8, or float32."""
    shapes: Sequence[tuple[int, ...]]
    """Shape of every image as `read` gives it, known from the headers of the files alone; ()
    where a header is broken, and `read` says how."""

    @property
    def name(self) -> str:
        """Name of the data set, e.g. `fairvlmed`."""

    @property
    def ids(self) -> Sequence[str]:
        """Of all samples."""

    @property
    def patients(self) -> Sequence[str]:
        """Images of one patient share it, and are resampled together."""

    @property
    def image_checksums(self) -> Sequence[str]:
        """Equal for equal images."""

    @property
    def labels(self) -> IntArray | None:
        """(n,) 0 or 1, or a class; (n, L) of several labels, -1 where unknown; None of masks."""

    @property
    def reader_labels(self) -> Mapping[str, IntArray]:
        """Of several readers: name to labels (n,), -1 where not read; none elsewhere.

        `labels` are then those of the majority, -1 where there is none.
        """

    @property
    def label_names(self) -> tuple[str, ...]:
        """Of several labels, or of classes; none where there is one label, or a mask."""

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Id of and reason for every sample left out so far, each once."""

    def __len__(self) -> int: ...

    def read(self, index: int) -> Sample:
        """Decode one sample.

        Raises:
            DataError: its image or mask is unusable, whatever the split does about such files.
        """

    def read_into(self, index: int, out: Array) -> Sample:
        """As `read`, with the image in `out` (...), of its shape in `shapes` and of `image_type`.

        Raises:
            DataError: as `read`; `out` may then hold anything.
        """

    def origin(self, index: int) -> bytes | None:
        """What the image, and its mask, are made of and how, as 32 hexadecimal digits.

        None where that is not known, or where reading costs no more than copying: a stored array.
        """

    def sample(self, index: int, image: Array, mask: Image | None) -> Sample:
        """A sample whose image, and mask where it is its target, are known already."""

    def leave_out(self, index: int, error: DataError) -> None:
        """Record a sample as unusable; where the split was opened to stop, raise the error."""

    def fingerprint(self) -> str:
        """SHA-256 that changes with any file of the split."""

    def statement(self) -> str | None:
        """Statement of synthetic data about themselves, for reports; None for anything else."""
