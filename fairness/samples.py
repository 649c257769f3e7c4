"""Samples, and how a stream of them is cut into batches."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from fairness.arrays import Array, FloatArray, Image, IntArray


@dataclass(frozen=True)
class Sample:
    """One labelled image as stored, with everything the audit may group it by."""

    id: str
    image: Image
    """(H, W) uint8; (D, H, W) for OCT."""
    target: int | Image
    """0 or 1, or an (H, W) uint8 mask: 0 background, 1 rim, 2 cup."""
    attributes: Mapping[str, int]
    """Attribute name to group code, -1 where unknown."""
    patient: str
    """Images of one patient share it, and are resampled together."""
    covariates: Mapping[str, float]
    """age (years), md (dB), site, ...; NaN where unknown."""
    text: str | None = None
    """The note that goes with the image, or None."""


@dataclass(frozen=True)
class Batch:
    """Samples of equal image shape, stacked: the same fields with a leading axis of length B."""

    ids: tuple[str, ...]
    images: Image
    """(B, H, W) uint8; (B, D, H, W) for OCT."""
    targets: Array
    """(B,) int64, or (B, H, W) uint8 masks."""
    attributes: Mapping[str, IntArray]
    patients: tuple[str, ...]
    covariates: Mapping[str, FloatArray]
    texts: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.ids)


def stack(samples: list[Sample]) -> Batch:
    """Stack samples whose images have one shape and which carry the same attribute names."""
    first = samples[0]
    return Batch(
        ids=tuple(s.id for s in samples),
        images=np.stack([s.image for s in samples]),
        targets=np.stack([np.asarray(s.target) for s in samples]),
        attributes={
            name: np.array([s.attributes[name] for s in samples], dtype=np.int64)
            for name in first.attributes
        },
        patients=tuple(s.patient for s in samples),
        covariates={
            name: np.array([s.covariates[name] for s in samples], dtype=np.float64)
            for name in first.covariates
        },
        texts=tuple(s.text for s in samples),
    )


def batched(samples: Iterable[Sample], size: int) -> Iterator[Batch]:
    """Cut a stream into batches of at most `size` samples of equal image shape.

    The cuts depend on nothing but the stream and `size`, so a repeated run sends the same batches.
    Shapes may alternate: samples wait in one list a shape, and when more than `4 * size` of
    them wait, the longest list goes out unfilled, which bounds the memory.
    """
    waiting: dict[tuple[int, ...], list[Sample]] = {}
    for sample in samples:
        bucket = waiting.setdefault(sample.image.shape, [])
        bucket.append(sample)
        if len(bucket) == size:
            yield stack(waiting.pop(sample.image.shape))
        elif sum(map(len, waiting.values())) > 4 * size:
            longest = max(waiting, key=lambda shape: len(waiting[shape]))
            yield stack(waiting.pop(longest))
    for bucket in waiting.values():
        yield stack(bucket)
