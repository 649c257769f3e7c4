"""Binary classifiers: what is read of an answer, by every way of asking, and what follows."""

import numpy as np
import pytest

from fairness.attributes import RACE
from fairness.contract import GroupInput
from fairness.errors import DataError
from fairness.group_input import RECORDED, WITHHELD, as_group
from fairness.outcomes import Answered, Cases, Names
from fairness.samples import Batch, Sample, stack
from fairness.statistics.settings import Settings
from fairness.tasks.binary import SCORE, BinaryTask, outcomes_of
from fairness.tasks.counterfactual import counterfactual

TAKES = GroupInput(name="group", attribute="race", groups=RACE.groups, settings={})
WAYS = (RECORDED, WITHHELD, "as Asian", "as Black", "as White")


def batch() -> Batch:
    image = np.zeros((6, 5), np.uint8)
    return stack([Sample(f"s{i}", image, i % 2, {"race": i - 1}) for i in range(4)])


def cases(n: int) -> Cases:
    return Cases(
        ids=tuple(f"s{i:02}" for i in range(n)),
        patients=tuple(f"p{i}" for i in range(n)),
        attributes=(RACE,),
        codes={"race": np.arange(n) % 3},
        covariates={},
    )


def test_each_way_is_a_number_of_its_own_and_each_is_checked() -> None:
    task = BinaryTask(0.5, TAKES)
    table = np.arange(20, dtype=np.float32).reshape(5, 4, 1) / 20
    answers = dict(zip(WAYS, table, strict=True))
    read = task.read(batch(), answers)
    assert tuple(read) == task.value_names == (SCORE, *WAYS[1:])
    for name, answer in zip(read, table, strict=True):
        np.testing.assert_array_equal(read[name], answer[:, 0].astype(np.float64))
    answers["as White"] = np.full((4, 1), 1.5, np.float32)
    with pytest.raises(DataError, match="answered 1.5 for sample s0, which is no probability"):
        task.read(batch(), answers)


def test_counterfactual_numbers_equal_a_loop() -> None:
    scores = np.random.default_rng(0).random((3, 30))
    measures = counterfactual(scores, 0.6)
    spreads, flips = (score.values for score in measures.scores)
    for i, row in enumerate(scores.T.tolist()):
        assert spreads[i] == max(row) - min(row)
        assert flips[i] == float(len({value >= 0.6 for value in row}) == 2)
    assert 0 < flips.mean() < 1
    means = dict(
        zip([m.name for m in measures.metrics], measures.values(np.arange(30)), strict=True)
    )
    assert means["counterfactual_spread"] == pytest.approx(np.ptp(scores, axis=0).mean())


def test_a_model_that_takes_the_group_is_reported_recorded_withheld_and_in_turn() -> None:
    rng = np.random.default_rng(1)
    task, n = BinaryTask(0.5, TAKES), 12
    values = {name: rng.random(n) for name in task.value_names}
    answered = Answered(cases=cases(n), labels=np.arange(n) % 2, values=values)
    found = task.measured(answered, Names("m", "d", "test"), Settings())
    assert [one.names.model for one in found] == [
        "m",
        "m, group withheld",
        "m, every group in turn",
    ]
    assert [one.kind for one in found] == ["classification", "classification", "counterfactual"]
    np.testing.assert_array_equal(outcomes_of(answered, WITHHELD).score, values[WITHHELD])
    spread = np.ptp([values[as_group(group)] for group in RACE.groups], axis=0)
    mean = found[2].measures.values(np.arange(n))[0]
    assert mean == pytest.approx(spread.mean())


def test_scores_on_another_scale_have_no_calibration() -> None:
    answered = Answered(
        cases=cases(4), labels=np.array([0, 1, 0, 1]), values={SCORE: np.array([-3.0, 2, 1, 0.5])}
    )
    (found,) = BinaryTask(0.5).measured(answered, Names("m", "d", "test"), Settings())
    assert found.probabilities is None
    assert found.meaningless["brier_score"] == "the scores are no probabilities"


def test_masks_are_no_labels() -> None:
    answered = Answered(cases=cases(2), labels=None, values={SCORE: np.zeros(2)})
    with pytest.raises(DataError, match="the split holds masks, the model answers probabilities"):
        outcomes_of(answered)


@pytest.mark.parametrize(
    ("value", "possible"), [(0.0, True), (1.0, True), (1.1, False), (-0.1, False), (np.nan, False)]
)
def test_only_probabilities_are_possible(value: float, possible: bool) -> None:
    assert BinaryTask(0.5).is_possible(SCORE, np.array([value])).tolist() == [possible]
