"""Which masks are drawn as the worst of each group."""

import numpy as np

from audit.worst import worst_of
from fairness.attributes import GENDER
from fairness.outcomes import Answered, Cases
from fairness.tasks.masks import MaskTask


def test_the_worst_of_each_group_come_worst_first_and_undefined_ones_last() -> None:
    rim = np.array([0.9, 0.1, 0.5, 0.5, np.nan, 0.2])
    cup = np.array([0.9, 0.2, 0.5, 0.5, 0.0, 0.1])
    cases = Cases(
        ids=tuple(f"s{i}" for i in range(6)),
        patients=tuple(f"p{i}" for i in range(6)),
        attributes=(GENDER,),
        codes={"gender": np.array([0, 0, 0, 0, 1, -1])},
        covariates={},
    )
    answered = Answered(cases=cases, labels=None, values={"rim_dice": rim, "cup_dice": cup})
    quality = MaskTask().quality(answered)
    assert quality is not None
    assert worst_of(cases, quality, 2) == {
        ("gender", "Female"): ["s1", "s2"],
        ("gender", "Male"): ["s4"],
        ("gender", "unknown"): ["s5"],
    }
