"""Batches read ahead by threads are those read one by one; faults, order and memory as before."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from small_split import SmallSplit

from fairness.arrays import Array
from fairness.datasets.buffers import PlainBuffers
from fairness.datasets.read_ahead import largest, read_ahead
from fairness.datasets.stream import batches
from fairness.errors import DataError
from fairness.samples import Batch, Sample, cut


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reader"]


def wait_until_none_reads() -> None:
    for thread in readers():
        thread.join(5)
    assert readers() == []


def ahead(split: SmallSplit, threads: int, number: int, size: int = 4) -> list[Batch]:
    """All batches, copied as they come, their memory given back at once."""
    cuts = cut(split.shapes, size)
    buffers = PlainBuffers(number, largest(split, cuts))
    found = []
    for batch in read_ahead(split, cuts, buffers, threads):
        found.append(replace(batch, images=batch.images.copy()))
        buffers.give_back(batch.images)
    return found


def assert_same(found: list[Batch], expected: list[Batch]) -> None:
    assert [b.ids for b in found] == [b.ids for b in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.images.dtype == other.images.dtype
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.targets, other.targets)
        np.testing.assert_array_equal(one.attributes["race"], other.attributes["race"])


@pytest.mark.parametrize(("threads", "number"), [(1, 1), (2, 1), (2, 3), (5, 2), (3, 9)])
def test_batches_are_those_read_one_by_one(threads: int, number: int) -> None:
    split = SmallSplit(61)
    assert_same(ahead(split, threads, number), list(batches(split, cut(split.shapes, 4))))
    wait_until_none_reads()


@pytest.mark.parametrize("broken", [{0, 2, 4, 6}, {1}, set(range(61)) - {17}])
def test_unusable_samples_are_left_out_and_recorded_alike(broken: set[int]) -> None:
    one, other = (SmallSplit(61, broken=frozenset(broken), skip=True) for _ in range(2))
    assert_same(ahead(one, 3, 4), list(batches(other, cut(other.shapes, 4))))
    assert one.skipped == other.skipped


def test_the_first_error_in_order_is_raised_and_threads_end() -> None:
    split = SmallSplit(400, broken=frozenset(range(57, 400)))
    expected = next(i for rows in cut(split.shapes, 4) for i in rows if i in split.broken)
    for _ in range(20):
        with pytest.raises(DataError, match=f"^{split.ids[expected]}: broken$"):
            ahead(split, 4, 9)
    wait_until_none_reads()


def test_an_unforeseen_error_reaches_whoever_asks() -> None:
    class Odd(SmallSplit):
        def read_into(self, index: int, out: Array) -> Sample:
            raise ZeroDivisionError("odd")

    with pytest.raises(ZeroDivisionError, match="odd"):
        ahead(Odd(20), 2, 3)
    wait_until_none_reads()


def test_threads_end_when_nobody_asks_for_more_and_memory_is_free_again() -> None:
    split = SmallSplit(400)
    cuts = cut(split.shapes, 4)
    buffers = PlainBuffers(4, largest(split, cuts))
    stream = read_ahead(split, cuts, buffers, 3)
    first = next(stream)
    time.sleep(0.05)  # all other buffers are full, and readers wait for this one
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    buffers.give_back(first.images)
    wait_until_none_reads()
    assert len({buffers.take().ctypes.data for _ in range(4)}) == 4


def test_no_more_is_read_than_there_is_memory_for() -> None:
    class Counting(SmallSplit):
        read_so_far = 0

        def read_into(self, index: int, out: Array) -> Sample:
            self.read_so_far += 1
            return super().read_into(index, out)

    split = Counting(400)
    cuts = cut(split.shapes, 4)
    buffers = PlainBuffers(3, largest(split, cuts))
    stream = read_ahead(split, cuts, buffers, 2)
    next(stream)
    time.sleep(0.1)
    assert split.read_so_far == 3 * 4
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    buffers.close()
    wait_until_none_reads()


def test_images_with_broken_headers_take_no_buffer() -> None:
    class Broken(SmallSplit):
        def read(self, index: int) -> Sample:
            return Sample(self.ids[index], np.full((4, 3), index, np.uint8), 0, {"race": 0})

    split = Broken(8)
    split.shapes = [(), (), (10**9, 10**9), *[(4, 3)] * 5]
    cuts = cut(split.shapes, 4)
    assert largest(split, cuts) == 4 * 12
    buffers = PlainBuffers(2, largest(split, cuts))
    found: dict[str, int] = {}
    for batch in read_ahead(split, cuts, buffers, 2):
        found.update(zip(batch.ids, batch.images[:, 0, 0].tolist(), strict=True))
        buffers.give_back(batch.images)
    assert found == {id_: number for number, id_ in enumerate(split.ids)}
