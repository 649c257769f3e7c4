"""The original evaluation: any groups, what it cannot be asked, and what it must not show."""

import numpy as np
import pytest

from fairness.attributes import RACE, Attribute
from fairness.compat.fairclip import compat_fairclip
from fairness.errors import UsageError
from fairness.metrics.classification import auc
from fairness.outcomes import Outcomes


def outcomes(attributes: dict[Attribute, list[int]]) -> Outcomes:
    n = len(next(iter(attributes.values())))
    rng = np.random.default_rng(0)
    return Outcomes(
        ids=tuple(map(str, range(n))),
        patients=tuple(map(str, range(n))),
        target=rng.integers(0, 2, n),
        score=rng.uniform(size=n),
        attributes=tuple(attributes),
        codes={a.name: np.array(codes) for a, codes in attributes.items()},
        covariates={},
    )


def test_groups_bear_the_names_of_the_data() -> None:
    race = Attribute("race", ("A", "B", "C", "D", "E"))
    data = outcomes({race: [0, 4] * 30})
    found = {(c.attribute, c.group, c.metric): c.original for c in compat_fairclip(data)}
    for code, group in ((0, "A"), (4, "E")):
        inside = data.codes["race"] == code
        expected = auc(data.target[inside], data.score[inside])
        assert found["race", group, "auc"] == pytest.approx(expected, abs=1e-12)
    assert ("race", "B", "auc") not in found


def test_a_sample_with_any_unknown_attribute_is_dropped() -> None:
    gender = Attribute("gender", ("F", "M"))
    data = outcomes({RACE: [0, 1, 2, 1] * 15, gender: [0, 1, -1, 0] * 15})
    found = {(c.attribute, c.group, c.metric): c.original for c in compat_fairclip(data)}
    kept = data.codes["gender"] >= 0
    expected = auc(data.target[kept], data.score[kept])
    assert found["overall", "all", "auc"] == pytest.approx(expected, abs=1e-12)
    assert ("race", "White", "auc") not in found  # all of them were dropped


def test_small_groups_are_hidden_by_what_the_original_keeps() -> None:
    gender = Attribute("gender", ("F", "M"))
    codes = [0] * 30 + [1] * 40 + [2] * 50
    known = [-1] * 25 + [0, 1] * 47 + [0]  # 5 of the 30 stay
    found = compat_fairclip(outcomes({RACE: codes, gender: known}), least=11)
    hidden = {(c.attribute, c.group) for c in found if c.hidden}
    assert hidden == {("race", "Asian"), ("race", "Black"), ("race", "all")}
    assert all(c.original is None for c in found if c.hidden)


@pytest.mark.parametrize("attribute", [Attribute("site", ("1", "2")), RACE])
def test_without_its_attributes_there_is_nothing_to_compare(attribute: Attribute) -> None:
    code = 0 if attribute.name == "site" else -1
    with pytest.raises(UsageError, match="--compat fairclip needs samples"):
        compat_fairclip(outcomes({attribute: [code] * 20}))
