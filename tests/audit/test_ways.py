"""A model that takes the group: how it is asked, what is read, which groups are refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from served import SPEC
from served_by_group import GROUP_SPEC

from audit.ways import (
    AS_GROUP,
    WITHHELD,
    check_groups,
    columns_of,
    counterfactual,
    reading_of,
    ways_of,
)
from audit.client.wire import request_tensors
from fairness.attributes import RACE
from fairness.contract import GroupInput
from fairness.datasets.fairvlmed import FairVLMed
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.errors import DataError
from fairness.evaluate import SCORE, Scored
from fairness.samples import Batch, Sample, batched

TAKES = GroupInput(name="group", attribute="race", groups=RACE.groups, settings={})


def batch() -> Batch:
    image = np.zeros((6, 5), np.uint8)
    samples = [Sample(f"s{i}", image, i % 2, {"race": i - 1}, f"p{i}", {}) for i in range(4)]
    (found,) = batched(samples, 4)
    return found


def test_a_model_is_asked_as_recorded_withheld_and_as_every_group() -> None:
    codes = [way(batch()) for way in ways_of(GROUP_SPEC)]
    assert [None if c is None else c.tolist() for c in codes] == [
        [-1, 0, 1, 2],
        [-1] * 4,
        [0] * 4,
        [1] * 4,
        [2] * 4,
    ]
    assert columns_of(TAKES) == [SCORE, WITHHELD, "as Asian", "as Black", "as White"]


def test_a_model_without_a_group_is_asked_once() -> None:
    (way,) = ways_of(SPEC)
    assert way(batch()) is None


def test_each_way_is_a_column_of_its_own_and_each_is_checked() -> None:
    answer = np.arange(20, dtype=np.float32).reshape(4, 5) / 20
    read = reading_of(GROUP_SPEC, surface=False)(batch(), answer)
    for number, name in enumerate(columns_of(TAKES)):
        np.testing.assert_array_equal(read[name], answer[:, number].astype(np.float64))
    answer[2, 4] = 1.5
    with pytest.raises(DataError, match="answered 1.5 for sample s2, which is no probability"):
        reading_of(GROUP_SPEC, surface=False)(batch(), answer)


@pytest.mark.parametrize(("codes", "named"), [([0, 3], "3"), ([-2, 1], "-2")])
def test_a_group_out_of_range_is_refused_before_it_is_sent(codes: list[int], named: str) -> None:
    images = np.zeros((2, 6, 5), np.uint8)
    with pytest.raises(DataError, match=f"group {named} of race, where the model knows 3"):
        request_tensors(GROUP_SPEC, images, np.array(codes))
    image, group = request_tensors(GROUP_SPEC, images, np.array([-1, 2]))
    assert (image.name(), image.shape(), image.datatype()) == ("image", [2, 6, 5], "UINT8")
    assert (group.name(), group.shape(), group.datatype()) == ("group", [2, 1], "INT64")


def test_counterfactual_numbers_equal_a_loop() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((30, 3))
    rows = [
        Scored(
            f"s{i:02}",
            f"p{i}",
            i % 2,
            {SCORE: 0.5, **{f"{AS_GROUP}{g}": s for g, s in zip(RACE.groups, row, strict=True)}},
            {"race": i % 3},
            {},
        )
        for i, row in enumerate(scores.tolist())
    ]
    cases, measures = counterfactual(rows, TAKES, (RACE,), 0.6)
    for i, row in enumerate(scores.tolist()):
        spread, flip = (cases.scores[f"counterfactual_{name}"][i] for name in ("spread", "flip"))
        assert spread == max(row) - min(row)
        assert flip == float(len({value >= 0.6 for value in row}) == 2)
    assert 0 < cases.scores["counterfactual_flip"].mean() < 1
    means = dict(
        zip([m.name for m in measures.metrics], measures.values(np.arange(30)), strict=True)
    )
    assert means["counterfactual_spread"] == pytest.approx(np.ptp(scores, axis=1).mean())


def test_data_that_name_other_groups_are_refused(tmp_path: Path) -> None:
    write_fairvlmed(tmp_path, train=2, val=2, test=2, seed=0)
    split = FairVLMed(tmp_path, "test")
    check_groups(GROUP_SPEC, split)
    check_groups(SPEC, split)
    for takes in (
        GroupInput(name="group", attribute="race", groups=("A", "B", "C"), settings={}),
        GroupInput(name="group", attribute="rase", groups=RACE.groups, settings={}),
    ):
        message = f"{takes.attribute} has the groups .*, the model was trained for"
        with pytest.raises(DataError, match=message) as caught:
            check_groups(replace(GROUP_SPEC, group_input=takes), split)
        assert not re.search("\n", str(caught.value))
