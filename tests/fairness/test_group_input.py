"""A model that takes the group: how it is asked, and which data are refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from fairness.attributes import RACE
from fairness.contract import GroupInput
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError
from fairness.group_input import RECORDED, WITHHELD, check_groups, ways_of
from fairness.samples import Batch, Sample, stack
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

TAKES = GroupInput(name="group", attribute="race", groups=RACE.groups, settings={})


def batch() -> Batch:
    image = np.zeros((6, 5), np.uint8)
    return stack([Sample(f"s{i}", image, i % 2, {"race": i - 1}) for i in range(4)])


def test_a_model_is_asked_as_recorded_withheld_and_as_every_group() -> None:
    codes = {name: way(batch()) for name, way in ways_of(TAKES).items()}
    assert {name: None if c is None else c.tolist() for name, c in codes.items()} == {
        RECORDED: [-1, 0, 1, 2],
        WITHHELD: [-1] * 4,
        "as Asian": [0] * 4,
        "as Black": [1] * 4,
        "as White": [2] * 4,
    }


def test_a_model_without_a_group_is_asked_once() -> None:
    ((name, way),) = ways_of(None).items()
    assert name == RECORDED
    assert way(batch()) is None


def test_data_that_name_other_groups_are_refused(tmp_path: Path) -> None:
    write_fairvlmed(tmp_path, Recipe(train=2, val=2, test=2, seed=0))
    split = FairVLMed(tmp_path, "test")
    check_groups(TAKES, split)
    check_groups(None, split)
    for takes in (
        GroupInput(name="group", attribute="race", groups=("A", "B", "C"), settings={}),
        GroupInput(name="group", attribute="rase", groups=RACE.groups, settings={}),
    ):
        message = f"{takes.attribute} has the groups .*, the model was trained for"
        with pytest.raises(DataError, match=message) as caught:
            check_groups(takes, split)
        assert not re.search("\n", str(caught.value))
