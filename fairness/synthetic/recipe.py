"""Recipe of a synthetic data set, the file beside the data that records it, and its writing."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fairness.atomic import write_atomically
from fairness.attributes import Attribute
from fairness.datasets.marker import read_marker
from fairness.datasets.splits import SYNTHETIC
from fairness.errors import UsageError
from fairness.synthetic.patients import SHARES

Progress = Callable[[int, int], None]
"""Called after each image with how many are written, and how many there will be."""

GENERATOR = 1
"""Raised whenever the same recipe would give other bytes."""


@dataclass(frozen=True)
class AnyRecipe(ABC):
    """Everything that decides what is written, whatever the data set."""

    @abstractmethod
    def check(self) -> None:
        """Raise UsageError where a number is out of range or the hard group does not exist."""

    @abstractmethod
    def statement(self) -> str:
        """One sentence about the data, for reports."""

    @abstractmethod
    def extent(self) -> str:
        """Number of images or patients, in a few words."""


@dataclass(frozen=True, kw_only=True)
class Recipe(AnyRecipe):
    """Everything that decides what is written."""

    train: int = 800
    """Images in Training."""
    val: int = 200
    """Images in Validation."""
    test: int = 400
    """Images in Test."""
    seed: int = 0
    """With one image per patient, data_00042.npz of a seed is the same whatever the sizes."""
    images_per_patient: int = 1
    """Eyes alternate, then visits; the images of a patient stay in one split."""
    hard_group: str = "race=Black"
    """ATTRIBUTE=GROUP of the patients whose cups show less contrast."""
    strength: float = 0.65
    """Share of the cup's contrast that they lose: 0 for no effect, at most 1."""

    def hard_code(self) -> tuple[Attribute, int]:
        """The attribute and the code of the hard group.

        Raises:
            UsageError: there is no such group.
        """
        return find_group(self.hard_group, SHARES)

    def check(self) -> None:
        """Raise UsageError where a number is out of range or the hard group does not exist."""
        self.hard_code()
        if min(self.train, self.val, self.test, self.seed) < 0:
            raise UsageError("train, val, test and seed must not be negative")
        if self.images_per_patient < 1:
            raise UsageError(f"images per patient is {self.images_per_patient}, must be at least 1")
        if not 0 <= self.strength <= 1:
            raise UsageError(f"strength is {self.strength}, must lie in 0..1")

    def images(self) -> Iterator[tuple[str, str, int, int]]:
        """Every image in the order of the file names, train first.

        Its split, file name, patient (from 1 on), and number among the patient's (from 0 on).
        """
        patient, file = 0, 0
        for split, size in (("train", self.train), ("val", self.val), ("test", self.test)):
            for index in range(size):
                image = index % self.images_per_patient
                patient += image == 0
                file += 1
                yield split, f"data_{file:05d}.npz", patient, image

    def extent(self) -> str:
        """The number of images of each split."""
        return f"{self.train} + {self.val} + {self.test} images"

    def statement(self) -> str:
        """One sentence about the data, for reports."""
        if self.strength == 0:
            return "Synthetic images and patients; no group effect is planted."
        return (
            f"Synthetic images and patients; planted effect: {self.hard_group} loses "
            f"{self.strength:.0%} of the contrast of the cup, and no other group loses any."
        )


def find_group(text: str, attributes: Iterable[Attribute]) -> tuple[Attribute, int]:
    """The attribute and the code of a group written as ATTRIBUTE=GROUP.

    Raises:
        UsageError: there is no such group.
    """
    name, _, group = text.partition("=")
    for attribute in attributes:
        if attribute.name == name and group in attribute.groups:
            return attribute, attribute.groups.index(group)
    known = "; ".join(f"{a.name}={'|'.join(a.groups)}" for a in attributes)
    raise UsageError(f"hard group '{text}' does not exist; choose from {known}")


def is_complete(root: Path, recipe: AnyRecipe) -> bool:
    """Whether this very data set lies at `root`; False where there is nothing, or a part of it.

    Raises:
        UsageError: `root` holds anything else: nothing is mixed or overwritten.
    """
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    found = read_marker(root)
    complete = found.get("complete") is True
    if found == _document(recipe, complete):
        return complete
    raise UsageError(
        f"{root} already holds other data; write to another folder, or remove this one first"
    )


def begin(root: Path, recipe: AnyRecipe) -> bool:
    """Mark `root` as being written; False where the whole data set lies there already.

    Raises:
        UsageError: the recipe makes no sense, or `root` holds anything but this data set.
    """
    recipe.check()
    if is_complete(root, recipe):
        return False
    write_marker(root, recipe, complete=False)
    return True


def write_images(
    root: Path, images: Mapping[str, Callable[[], bytes]], progress: Progress | None
) -> None:
    """Write the images that are not there yet, each whole or not at all.

    `images` maps paths below `root` to functions that make the content of the file.
    """
    for done, (name, make) in enumerate(images.items(), start=1):
        if not (root / name).is_file():
            write_atomically(root / name, make())
        if progress:
            progress(done, len(images))


def write_marker(root: Path, recipe: AnyRecipe, *, complete: bool) -> None:
    """Record at `root` what is written there, and whether it is complete."""
    text = json.dumps(_document(recipe, complete), indent=1) + "\n"
    write_atomically(root / SYNTHETIC, text)


def _document(recipe: AnyRecipe, complete: bool) -> dict[str, object]:
    return {
        "synthetic": True,
        "statement": recipe.statement(),
        "recipe": json.loads(json.dumps(asdict(recipe))),  # as it is read back
        "generator": GENERATOR,
        "complete": complete,
    }
