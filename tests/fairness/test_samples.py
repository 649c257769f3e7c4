from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairness.samples import Sample, cut, stack

Shape = tuple[int, ...]


def sample(i: int, side: int = 2) -> Sample:
    return Sample(
        id=f"s{i:04d}",
        image=np.full((side, side), i % 256, dtype=np.uint8),
        target=i % 2,
        attributes={"race": i % 3 - 1},
    )


def cuts_of(shapes: Sequence[Shape], size: int) -> list[list[int]]:
    return [numbers.tolist() for numbers in cut(shapes, size)]


def by_hand(shapes: Sequence[Shape], size: int) -> list[list[int]]:
    """The rule again, as a stream would follow it: lists that wait, in order of their first one."""
    waiting: list[tuple[Shape, list[int]]] = []
    out = []
    for number, shape in enumerate(shapes):
        known = [numbers for other, numbers in waiting if other == shape]
        if not known:
            waiting.append((shape, []))
            known = [waiting[-1][1]]
        known[0].append(number)
        gone = None
        if len(known[0]) == size:
            gone = known[0]
        elif sum(len(numbers) for _, numbers in waiting) > 4 * size:
            most = max(len(numbers) for _, numbers in waiting)
            gone = next(numbers for _, numbers in waiting if len(numbers) == most)
        if gone is not None:
            out.append(gone)
            waiting = [(other, numbers) for other, numbers in waiting if numbers is not gone]
    return out + [numbers for _, numbers in waiting]


@given(sides=st.lists(st.integers(1, 6), max_size=80), size=st.integers(1, 7))
def test_every_sample_goes_out_once_in_batches_of_one_shape(sides: list[int], size: int) -> None:
    shapes = [(side, side) for side in sides]
    cuts = cuts_of(shapes, size)
    assert sorted(number for numbers in cuts for number in numbers) == list(range(len(sides)))
    assert all(1 <= len(numbers) <= size for numbers in cuts)
    assert all(len({shapes[i] for i in numbers}) == 1 for numbers in cuts)
    assert cuts == by_hand(shapes, size)


def test_samples_of_one_shape_keep_their_order_and_fill_their_batches() -> None:
    assert cuts_of([(2, 2)] * 10, 4) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_batch_waits_no_longer_than_four_of_its_size() -> None:
    """Images that all differ in shape: the samples of a batch never lie far apart."""
    cuts = cuts_of([(side, side) for side in range(200)], 3)
    assert len(cuts) == 200
    assert [numbers[0] for numbers in cuts[:3]] == [0, 1, 2]


def test_a_batch_holds_its_samples_stacked() -> None:
    batch = stack([sample(i) for i in range(4)])
    assert batch.ids == ("s0000", "s0001", "s0002", "s0003")
    assert batch.images.shape == (4, 2, 2)
    assert batch.images.dtype == np.uint8
    assert batch.targets.tolist() == [0, 1, 0, 1]
    assert batch.attributes["race"].tolist() == [-1, 0, 1, -1]
    assert batch.texts == (None,) * 4
