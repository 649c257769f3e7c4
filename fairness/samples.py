"""Samples, and how those of a split are cut into batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fairness.arrays import Array, Image, IntArray


@dataclass(frozen=True)
class Sample:
    """One image as stored, with its target and groups; its split holds the other columns."""

    id: str
    image: Array
    """(H, W) uint8; (D, H, W) for OCT; float32 grey levels 0..255 for a described model that takes
    them unrounded."""
    target: int | IntArray | Image
    """0 or 1, or a class; (L,) of several labels, -1 where unknown; or an (H, W) uint8 mask: 0
    background, then one class a structure."""
    attributes: Mapping[str, int]
    """Attribute name to group code, -1 where unknown."""
    text: str | None = None
    """The note that goes with the image, or None."""
    inputs: Mapping[str, Array] = field(default_factory=dict)
    """What else a model is sent of this sample, by the name of the tensor."""


@dataclass(frozen=True)
class Batch:
    """Samples of equal image shape, stacked: the same fields with a leading axis of length B."""

    ids: tuple[str, ...]
    images: Array
    """(B, H, W) uint8, or float32; (B, D, H, W) for OCT."""
    targets: Array
    """(B,) or (B, L) int64, or (B, H, W) uint8 masks."""
    attributes: Mapping[str, IntArray]
    texts: tuple[str | None, ...]
    inputs: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


def stack(samples: Sequence[Sample], images: Array | None = None) -> Batch:
    """Stack one or more samples with images of one shape and the same attribute names.

    Args:
        samples: in the order of the batch.
        images: theirs (B, ...), where they lie together already.
    """
    return Batch(
        ids=tuple(s.id for s in samples),
        images=np.stack([s.image for s in samples]) if images is None else images,
        targets=np.stack([np.asarray(s.target) for s in samples]),
        attributes={
            name: np.array([s.attributes[name] for s in samples], dtype=np.int64)
            for name in samples[0].attributes
        },
        texts=tuple(s.text for s in samples),
        inputs={name: np.stack([s.inputs[name] for s in samples]) for name in samples[0].inputs},
    )


def cut(shapes: Sequence[tuple[int, ...]], size: int) -> list[IntArray]:
    """Numbers of the samples of each batch: at most `size` samples of equal image shape.

    The cuts depend on nothing but the arguments, so a repeated run sends the same batches. Shapes
    may alternate: samples wait in one list a shape, and when more than `4 * size` of them wait, the
    longest list goes out unfilled, so that the samples of a batch lie close together.

    Args:
        shapes: image shape of every sample, in the order of the split.
        size: of a full batch, at least 1.
    """
    cuts: list[IntArray] = []
    waiting: dict[tuple[int, ...], list[int]] = {}
    for number, shape in enumerate(shapes):
        bucket = waiting.setdefault(shape, [])
        bucket.append(number)
        if len(bucket) == size:
            cuts.append(np.array(waiting.pop(shape), dtype=np.int64))
        elif sum(map(len, waiting.values())) > 4 * size:
            longest = max(waiting, key=lambda shape: len(waiting[shape]))
            cuts.append(np.array(waiting.pop(longest), dtype=np.int64))
    return [*cuts, *(np.array(numbers, dtype=np.int64) for numbers in waiting.values())]
