from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairness.samples import Sample, batched


def sample(i: int, side: int = 2) -> Sample:
    return Sample(
        id=f"s{i:04d}",
        image=np.full((side, side), i % 256, dtype=np.uint8),
        target=i % 2,
        attributes={"race": i % 3 - 1},
        patient=f"p{i // 2}",
        covariates={"age": float(i)},
        text=None,
    )


@given(sides=st.lists(st.integers(1, 5), max_size=60), size=st.integers(1, 7))
def test_every_sample_goes_out_once_in_batches_of_one_shape(sides: list[int], size: int) -> None:
    samples = [sample(i, side) for i, side in enumerate(sides)]
    batches = list(batched(samples, size))
    assert sorted(id_ for b in batches for id_ in b.ids) == [s.id for s in samples]
    assert all(1 <= len(b) <= size for b in batches)
    assert [b.ids for b in batches] == [b.ids for b in batched(iter(samples), size)]


def test_samples_of_one_shape_keep_their_order_and_fill_their_batches() -> None:
    batches = list(batched((sample(i) for i in range(10)), 4))
    assert [b.ids for b in batches] == [
        ("s0000", "s0001", "s0002", "s0003"),
        ("s0004", "s0005", "s0006", "s0007"),
        ("s0008", "s0009"),
    ]
    first = batches[0]
    assert first.images.shape == (4, 2, 2)
    assert first.images.dtype == np.uint8
    assert first.targets.tolist() == [0, 1, 0, 1]
    assert first.attributes["race"].tolist() == [-1, 0, 1, -1]
    assert first.covariates["age"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert first.patients == ("p0", "p0", "p1", "p1")


def test_memory_stays_bounded_when_every_image_has_its_own_shape() -> None:
    alive = 0
    most = 0

    def stream() -> Iterator[Sample]:
        nonlocal alive, most
        for i in range(200):
            alive += 1
            most = max(most, alive)
            yield sample(i, side=i + 1)

    for batch in batched(stream(), 3):
        alive -= len(batch)
    assert most <= 4 * 3 + 1
