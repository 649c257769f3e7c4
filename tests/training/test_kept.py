"""Batches that are kept are those that would be read and cropped anew, bit by bit."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_split import SmallSplit

from fairness.arrays import Array
from fairness.datasets.stream import batches, decoded
from fairness.errors import DataError
from fairness.samples import Batch, Sample, cut
from training.kept import Kept
from training.models.preprocess import Fit, Preprocess


class Counting(SmallSplit):
    """Images of noise, and how many were read."""

    read_so_far = 0

    def read(self, index: int) -> Sample:
        self.read_so_far += 1
        sample = super().read(index)
        noise = np.random.default_rng(index).integers(0, 256, self.shapes[index], dtype=np.uint8)
        return replace(sample, image=noise)


def assert_same(found: Iterable[Batch], expected: list[Batch], images: list[Array]) -> None:
    one = list(found)
    assert [batch.ids for batch in one] == [batch.ids for batch in expected]
    for batch, image in zip(one, images, strict=True):
        np.testing.assert_array_equal(batch.images, image)


@pytest.mark.parametrize("fit", ["crop", "squash"])
@pytest.mark.parametrize("size", [32, 56, 224])
def test_a_crop_cropped_again_is_the_same_crop(fit: Fit, size: int) -> None:
    crop = Preprocess(size, fit).crop
    noise = np.random.default_rng(size).integers(0, 256, (3, 300, 257), dtype=np.uint8)
    once = crop(torch.from_numpy(noise))
    assert torch.equal(crop(once.to(torch.uint8)), once)


@pytest.mark.parametrize("fit", ["crop", "squash", None])
@pytest.mark.parametrize("keep_mb", [64, 0])
def test_every_pass_gives_the_batches_that_would_be_read(fit: Fit | None, keep_mb: int) -> None:
    split = Counting(45)
    split.shapes = [(40, 30 + 8 * (i % 2)) for i in range(45)]
    crop = None if fit is None else Preprocess(16, fit).crop
    expected = list(batches(split, cut(split.shapes, 8)))
    images = [batch.images for batch in expected]
    if crop is not None:
        images = [crop(torch.from_numpy(image)).to(torch.uint8).numpy() for image in images]
    kept = Kept(keep_mb, crop)
    for number in (1, 2, 3):
        split.read_so_far = 0
        assert_same(kept.batches(split, 8), expected, images)
        assert split.read_so_far == (45 if keep_mb == 0 or number == 1 else 0)


def test_what_does_not_fit_into_memory_is_read_again() -> None:
    split = Counting(40)
    split.shapes = [(256, 256)] * 40  # 64 KB each: 16 of them, with their targets, make a megabyte
    kept = Kept(1)
    expected = list(batches(split, cut(split.shapes, 5)))
    images = [batch.images for batch in expected]
    for left in (40, 25, 25):
        split.read_so_far = 0
        assert_same(kept.batches(split, 5), expected, images)
        assert split.read_so_far == left


def test_rows_and_splits_are_told_apart() -> None:
    one, other = Counting(20), Counting(30)
    kept = Kept(64)
    for _ in range(2):
        rows = np.arange(3, 17)
        found = [id_ for batch in kept.batches(one, 4, rows) for id_ in batch.ids]
        assert sorted(found) == list(one.ids[3:17])
        assert sum(len(batch) for batch in kept.batches(other, 4)) == 30
    assert (one.read_so_far, other.read_so_far) == (14, 30)


def test_unusable_samples_are_left_out_once() -> None:
    broken = frozenset({1, *range(4, 40, 2)})
    split = Counting(40, broken=broken, skip=True)
    kept = Kept(64)
    for _ in range(2):
        found = {id_ for batch in kept.batches(split, 4) for id_ in batch.ids}
        assert found == {split.ids[i] for i in range(40) if i not in broken}
    assert len(split.skipped) == len(broken)
    with pytest.raises(DataError, match="broken"):
        list(Kept(64).batches(Counting(40, broken=broken), 4))


def test_a_pass_that_ends_early_is_taken_up_again() -> None:
    split = Counting(45)
    kept = Kept(64)
    first = kept.batches(split, 8)
    next(first)
    first.close()  # type: ignore[attr-defined]  # it is a generator
    assert sum(len(batch) for batch in kept.batches(split, 8)) == 45


def test_samples_are_decoded_ahead_and_come_in_order() -> None:
    split = Counting(50, broken=frozenset({7, 9}))
    stream = decoded(split, range(50), threads=3)
    found = [next(stream) for _ in range(10)]
    assert split.read_so_far <= 10 + 4 * 3
    found += stream
    assert [index for index, _ in found] == list(range(50))
    faults = [index for index, sample in found if isinstance(sample, DataError)]
    assert faults == [7, 9]
    names = [sample.id for _, sample in found if isinstance(sample, Sample)]
    assert names == [id_ for i, id_ in enumerate(split.ids) if i not in (7, 9)]
