from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from test_samples import sample

from fairness.arrays import Array
from fairness.attributes import RACE
from fairness.errors import DataError
from fairness.evaluate import evaluate
from fairness.samples import Batch


def mean_grey(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Array]]:
    """A predictor that answers out of order: the last batch first."""
    for batch in reversed(list(batches)):
        yield batch, batch.images.mean(axis=(1, 2), dtype=np.float32)[:, np.newaxis] / 255


def test_outcomes_come_back_in_the_order_of_the_ids() -> None:
    outcomes = evaluate((sample(i) for i in range(9)), mean_grey, (RACE,), batch_size=2)
    assert outcomes.ids == tuple(f"s{i:04d}" for i in range(9))
    np.testing.assert_allclose(outcomes.score, np.arange(9) / 255, rtol=1e-6)
    assert outcomes.target.tolist() == [i % 2 for i in range(9)]
    assert outcomes.codes["race"].tolist() == [i % 3 - 1 for i in range(9)]
    assert outcomes.patients == tuple(f"p{i // 2}" for i in range(9))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_batch_size_changes_nothing(size: int) -> None:
    samples = [sample(i) for i in range(9)]
    one = evaluate(samples, mean_grey, (RACE,), batch_size=4)
    other = evaluate(samples, mean_grey, (RACE,), batch_size=size)
    assert one.ids == other.ids
    np.testing.assert_array_equal(one.score, other.score)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((2,), np.float32), r"shape \(2,\).*s0000\.\.s0001"),
        (np.zeros((0, 1), np.float32), r"shape \(0, 1\)"),
        (np.array([[0.1], [np.nan]], np.float32), "nan for sample s0001"),
        (np.array([[1.5], [0.1]], np.float32), "1.5 for sample s0000"),
    ],
)
def test_an_unusable_answer_names_the_sample(answer: Array, message: str) -> None:
    def broken(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Array]]:
        for batch in batches:
            yield batch, answer

    with pytest.raises(DataError, match=message):
        evaluate([sample(0), sample(1)], broken, (RACE,))


def test_no_sample_at_all_is_an_error() -> None:
    with pytest.raises(DataError, match="no sample was scored"):
        evaluate([], mean_grey, (RACE,))
