"""Probe inputs with the answers that the exported model gave: they prove what a server answers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import AfterValidator, Field

from fairness.arrays import FloatArray, Image, IntArray

MOST_PIXELS = 50_000_000
"""Of an image that a server may name: as many as a picture of a data set may have."""

MOST_PIXELS_OF_ALL = 400_000_000
"""Of all probes together: some seconds of work."""

MOST_SHAPES = 8
"""Of the probes of a model."""


def _bounded(shape: tuple[int, ...]) -> tuple[int, ...]:
    if math.prod(shape) > MOST_PIXELS:
        raise ValueError(f"has {math.prod(shape)} pixels, {MOST_PIXELS} are allowed")
    return shape


Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Side = Annotated[int, Field(ge=1, le=8192)]
Shape: TypeAlias = Annotated[
    tuple[Side, ...], Field(min_length=2, max_length=3), AfterValidator(_bounded)
]
"""(H, W), or (D, H, W): bounded, since a server that names it may not exhaust our memory."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Seeded inputs with the outputs that the exported model gave: a proof of what answers."""

    seed: Annotated[int, Field(ge=0, lt=2**63)]
    shapes: Annotated[tuple[Shape, ...], Field(max_length=64)]
    """(H, W), or (D, H, W), of each probe, in order."""
    groups: Annotated[tuple[int, ...], Field(max_length=64)] | None = None
    """Group code of each probe, -1 for unknown; None where the model asks for no group."""
    texts: (
        Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=64)] | None
    ) = None
    """Of each probe; None where the model reads no notes."""
    expected: Annotated[
        tuple[Annotated[tuple[Number, ...], Field(max_length=512)], ...], Field(max_length=64)
    ]
    """What `Task.fingerprint` gives of the answer to each probe."""
    tolerance: Annotated[Number, Field(ge=0, le=0.1)]
    """Largest absolute difference at which the served model counts as the exported one. Answers lie
    within 0 and 1, so one that is larger than 0.1 would prove nothing."""

    def images(self) -> list[Image]:
        """The probe inputs, uint8: random blocks, which survive any resizing, and a disc."""
        return list(self.one_by_one())

    def one_by_one(self) -> Iterator[Image]:
        """The same, each made when it is asked for."""
        rng = np.random.default_rng(self.seed)
        return (probe_image(rng, *shape) for shape in self.shapes)

    def fit(self, groups: int) -> bool:
        """Whether each probe has one answer as long as the others', a known group, and a text.

        Args:
            groups: how many groups the model takes as an input; 0 where it takes none.
        """
        n = len(self.shapes)
        codes = (-1,) * n if self.groups is None else self.groups
        return (
            0 < n == len(self.expected) == len(codes)
            and (self.texts is None or len(self.texts) == n)
            and len({len(row) for row in self.expected}) == 1
            and all(-1 <= code < max(groups, 1) for code in codes)
            and sum(map(math.prod, self.shapes)) <= MOST_PIXELS_OF_ALL
            and len(set(self.shapes)) <= MOST_SHAPES
        )

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
    image: Image = blocks.astype(np.uint8)[np.ix_(rows, columns)]
    if rng.random() < 0.5:
        image //= 2
        draw_disc(rng, image)
    if len(shape) == 2:
        return image
    levels = rng.integers(64, 256, shape[0])
    stack = np.empty(shape, np.uint8)
    for depth, level in enumerate(levels):  # one at a time: a product takes more than a byte
        stack[depth] = image.astype(np.uint16) * np.uint16(level) // 255
    return stack


def draw_disc(rng: np.random.Generator, image: Image) -> None:
    """Paint two concentric discs of grey levels 150 and 230 over the image (H, W)."""
    height, width = image.shape
    down, right = rng.uniform(0.4, 0.6, 2)
    radius = rng.uniform(0.12, 0.2)
    across = np.arange(width) / width - right
    for row, above in enumerate(np.arange(height) / height - down):
        away = np.hypot(above, across)
        image[row, away < radius] = 150
        image[row, away < 0.6 * radius] = 230
