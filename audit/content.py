"""Reads every image of a split as training and audit will, and says what they would refuse."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.progress import track

from fairness.attributes import UNKNOWN
from fairness.datasets.catalogue import DATASETS
from fairness.datasets.class_mask import NUMBERED, MaskClasses
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import Split
from fairness.datasets.stream import samples
from fairness.datasets.table import TableSplit
from fairness.errors import DataError

FLAT = 1
"""Grey levels between the darkest and the brightest pixel, up to which nobody sees anything."""


@dataclass
class Content:
    """What the images and masks of a split hold."""

    split: Split
    shapes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    """Shape of an image to the number of images."""
    flat: list[str] = field(default_factory=list)
    """Ids of images of one grey level, or two neighbouring ones."""
    masks: int = 0
    holding: Counter[str] = field(default_factory=Counter)
    """Part of a mask to the number of masks that hold it."""

    @property
    def classes(self) -> MaskClasses:
        """What is in the masks; of a data set those of an eye."""
        return self.split.mask_classes if isinstance(self.split, TableSplit) else MaskClasses()


def read_content(split: Split, console: Console) -> Content:
    """Decode every image and mask of a split; unusable ones are recorded in `split.skipped`."""
    content = Content(split)
    stream = track(
        samples(split),
        f"{split.split}: reading images",
        total=len(split),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    for sample in stream:
        content.shapes[sample.image.shape] += 1
        if int(sample.image.max()) - int(sample.image.min()) <= FLAT:
            content.flat.append(sample.id)
        if split.labels is None:
            content.masks += 1
            present = np.unique(np.asarray(sample.target)).tolist()
            names = content.classes.structures.classes
            content.holding.update(names[code] for code in present if code)
    return content


def content_findings(contents: Sequence[Content]) -> list[str]:
    """What training and audit would refuse, or what would make them mean nothing."""
    lines = []
    for content in contents:
        where = content.split.split
        found = _masks(content) + _labels(content.split) + _notes(content.split)
        lines += [f"{where}: {line}" for line in found]
        if content.flat:
            lines.append(
                f"{where}: {len(content.flat)} images without contrast, such as {content.flat[0]}"
            )
    # Radiographs are squashed to one shape by whoever reads them.
    chest = {name for name, dataset in DATASETS.items() if dataset.modality == "chest"}
    uncut = [c for c in contents if c.split.name not in chest]
    shapes = sum((content.shapes for content in uncut), Counter[tuple[int, ...]]())
    if len(shapes) > 1:
        often = ", ".join(
            f"{' x '.join(map(str, shape))} ({n})" for shape, n in shapes.most_common(3)
        )
        lines.append(
            f"images of {len(shapes)} shapes, most often {often}: a served model takes one, and so "
            "does the training of FairSeg and of FairLoRA"
        )
    return lines


def _masks(content: Content) -> list[str]:
    classes, of_table = content.classes, isinstance(content.split, TableSplit)
    if content.masks and classes is NUMBERED:
        found = ", ".join(f"{name} in {n}" for name, n in sorted(content.holding.items()))
        return [
            f"{content.masks} masks have {found or 'nothing but 0'} besides the background 0; say "
            "what the numbers mean with --mask-values, such as 0=background,1=lung"
        ]
    lines = []
    for part in classes.structures.names:
        missing = content.masks - content.holding[part]
        if content.masks and missing == content.masks:
            refused = "" if of_table else "training refuses such data, and "
            lines.append(
                f"no mask has a {part}: {refused}a Dice of 1 is reached by drawing nothing"
            )
        elif missing:
            lines.append(f"{missing} of {content.masks} masks have no {part}")
    return lines


def _notes(split: Split) -> list[str]:
    """Of the clinical notes, on which FairCLIP trains unless it is told otherwise."""
    if split.name != FairVLMed.name or split.split != "train":
        return []
    try:
        noted = FairVLMed(
            split.root, "train", target=split.target, on_error="skip", text_source="note"
        )
    except DataError as error:
        return [f"no clinical notes: {error}"]
    missing = len(split) - len(noted)
    if not missing:
        return []
    return [f"{missing} of {len(split)} images have no clinical note; FairCLIP trains on notes"]


def _labels(split: Split) -> list[str]:
    """Of labels of one class, and attributes of one group."""
    lines = []
    columns = () if split.labels is None else split.labels.reshape(len(split), -1).T
    names = split.label_names if len(columns) > 1 else (split.target,)
    for name, column in zip(names, columns, strict=False):
        found = np.unique(column[column >= 0])
        if len(found) < 2:
            said = found[0] if len(found) else "unknown"
            lines.append(f"{name} is {said} for all: no AUC or threshold can be had")
    for attribute in split.attributes:
        codes = split.codes[attribute.name]
        groups = np.unique(codes[codes != UNKNOWN])
        if len(groups) == 1:
            known = attribute.label(int(groups[0]))
            lines.append(f"{attribute.name} is {known} wherever it is known: nothing to compare")
    return lines
