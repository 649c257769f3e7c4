from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from small_split import SmallSplit

from fairness.arrays import Array
from fairness.attributes import RACE
from fairness.errors import DataError
from fairness.evaluate import Answers, Readings, ask, evaluate, joined
from fairness.group_input import RECORDED
from fairness.samples import Batch
from fairness.tasks.binary import probabilities


def mean_grey(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
    """A predictor that answers out of order: the last batch first."""
    for batch in reversed(list(batches)):
        answer = batch.images.mean(axis=(1, 2), dtype=np.float32)[:, np.newaxis] / 255
        yield batch, {RECORDED: answer}


def test_outcomes_come_back_in_the_order_of_the_ids() -> None:
    outcomes = evaluate(SmallSplit(9), mean_grey, (RACE,), batch_size=2)
    assert outcomes.ids == tuple(f"s{i:04d}" for i in range(9))
    np.testing.assert_allclose(outcomes.score, np.arange(9) / 255, rtol=1e-6)
    assert outcomes.target.tolist() == [i % 2 for i in range(9)]
    assert outcomes.codes["race"].tolist() == [i % 3 - 1 for i in range(9)]
    assert outcomes.patients == tuple(f"p{i // 2}" for i in range(9))
    assert outcomes.covariates["age"].tolist() == [40.0 + i for i in range(9)]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_batch_size_changes_nothing(size: int) -> None:
    one = evaluate(SmallSplit(9), mean_grey, (RACE,), batch_size=4)
    other = evaluate(SmallSplit(9), mean_grey, (RACE,), batch_size=size)
    assert one.ids == other.ids
    np.testing.assert_array_equal(one.score, other.score)


def test_some_rows_can_be_asked_alone_and_broken_ones_left_out() -> None:
    split = SmallSplit(9, broken=frozenset({3}), skip=True)
    answered = ask(split, mean_grey, probabilities, rows=np.array([7, 3, 5]), batch_size=2)
    assert answered.cases.ids == ("s0005", "s0007")
    np.testing.assert_allclose(answered.values["score"], [5 / 255, 7 / 255], rtol=1e-6)
    assert split.skipped == [("s0003", "s0003: broken")]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((2,), np.float32), r"shape \(2,\).*s0000\.\.s0002"),
        (np.zeros((0, 1), np.float32), r"shape \(0, 1\)"),
        (np.array([[0.1], [np.nan]], np.float32), "nan for sample s0002"),
        (np.array([[1.5], [0.1]], np.float32), "1.5 for sample s0000"),
    ],
)
def test_an_unusable_answer_names_the_sample(answer: Array, message: str) -> None:
    def broken(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch in batches:
            yield batch, {RECORDED: answer}

    with pytest.raises(DataError, match=message):
        ask(SmallSplit(3), broken, probabilities, rows=np.array([0, 2]))


def test_no_sample_at_all_is_an_error() -> None:
    with pytest.raises(DataError, match="no sample was scored"):
        evaluate(SmallSplit(0), mean_grey, (RACE,))


def test_a_reading_of_a_sample_that_the_split_lacks_is_named() -> None:
    with pytest.raises(DataError, match="no sample 's9' in the test split"):
        joined([Readings(("s0001", "s9"), {"score": np.zeros(2)})], SmallSplit(3), ())
