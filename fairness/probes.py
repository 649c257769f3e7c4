"""Probe inputs with the answers that the exported model gave: they prove what a server answers."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import Field

from fairness.arrays import FloatArray, Image, IntArray

Side = Annotated[int, Field(ge=1, le=8192)]
Shape: TypeAlias = Annotated[tuple[Side, ...], Field(min_length=2, max_length=3)]
"""(H, W), or (D, H, W): bounded, since a server that names it may not exhaust our memory."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Seeded inputs with the outputs that the exported model gave: a proof of what answers."""

    seed: int
    shapes: tuple[Shape, ...]
    """(H, W), or (D, H, W), of each probe, in order."""
    groups: tuple[int, ...] | None = None
    """Group code of each probe, -1 for unknown; None where the model asks for no group."""
    expected: tuple[tuple[float, ...], ...]
    """What `Task.fingerprint` gives of the answer to each probe."""
    tolerance: float
    """Largest absolute difference at which the served model counts as the exported one."""

    def images(self) -> list[Image]:
        """The probe inputs, uint8: random blocks, which survive any resizing, and a disc."""
        rng = np.random.default_rng(self.seed)
        return [probe_image(rng, *shape) for shape in self.shapes]

    def fit(self) -> bool:
        """Whether every probe has an expected answer, and a group where there are groups."""
        n = len(self.shapes)
        return 0 < n == len(self.expected) and (self.groups is None or len(self.groups) == n)

    def worst_difference(self, answers: FloatArray) -> float:
        """Largest absolute difference between `answers` (n, k) and the expected ones."""
        return float(np.max(np.abs(np.asarray(answers) - np.asarray(self.expected))))


def probe_image(rng: np.random.Generator, *shape: int) -> Image:
    """A uint8 image (H, W) or stack (D, H, W) of 8 x 8 random grey blocks.

    Every other one, by chance, has a bright disc in the middle with a brighter one in it: something
    to answer to for a model that outlines optic discs.
    """
    height, width = shape[-2:]
    blocks: IntArray = rng.integers(0, 256, (8, 8)) * rng.integers(32, 256) // 255
    rows = np.arange(height) * 8 // height
    columns = np.arange(width) * 8 // width
    image = blocks[np.ix_(rows, columns)]
    if rng.random() < 0.5:
        image = with_disc(rng, image // 2)
    if len(shape) == 2:
        return np.asarray(image, dtype=np.uint8)
    levels = rng.integers(64, 256, shape[0])[:, None, None]
    return np.asarray(image * levels // 255, dtype=np.uint8)


def with_disc(rng: np.random.Generator, image: IntArray) -> IntArray:
    """The image (H, W) under two concentric discs, of grey levels 150 and 230."""
    height, width = image.shape
    down, right = rng.uniform(0.4, 0.6, 2)
    radius = rng.uniform(0.12, 0.2)
    away = np.hypot(np.arange(height)[:, None] / height - down, np.arange(width) / width - right)
    drawn: IntArray = np.select([away < 0.6 * radius, away < radius], [230, 150], image)
    return drawn
