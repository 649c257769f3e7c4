"""Verdicts of `fair-audit parity` on numbers made by hand."""

from pathlib import Path

import numpy as np
import pytest

from audit.compare.runs import Run
from audit.parity.checks import Verdict, verdict_of
from audit.parity.distances import distances, spread_of, usable_answers
from fairness.outcomes import Answered, Cases, Contrast
from fairness.tasks.masks import MaskTask


@pytest.mark.parametrize(
    ("low", "high", "unmoved", "expected"),
    [
        (-0.05, 0.05, False, "PASS"),
        (-0.051, 0.0, False, "INCONCLUSIVE"),
        (0.0, 0.051, False, "INCONCLUSIVE"),
        (0.051, 0.2, False, "FAIL"),
        (-0.2, -0.051, False, "FAIL"),
        (-1.0, 1.0, True, "INCONCLUSIVE"),  # equal answers of few people prove little
        (None, None, True, "PASS"),
        (None, None, False, "INCONCLUSIVE"),
    ],
)
def test_the_whole_joint_interval_counts(
    low: float | None, high: float | None, unmoved: bool, expected: Verdict
) -> None:
    change = Contrast(
        "race", "auc", "Black", "baseline", 0.0, 0.0, 0.0, 1.0,
        low_adjusted=low, high_adjusted=high,
    )  # fmt: skip
    assert verdict_of(change, 0.05, unmoved=unmoved) == expected


def test_a_dice_that_only_one_side_has_is_the_largest_difference() -> None:
    cases = Cases(ids=("a", "b"), patients=("a", "b"), attributes=(), codes={}, covariates={})

    def run_with(dice: list[float]) -> Run:
        values = {"cup_dice": np.array(dice), "cup_hd95": np.array([3.0, 900.0])}
        answered = Answered(cases=cases, labels=None, values=values)
        return Run(Path("x"), "x", MaskTask(), None, answered)

    old, new = run_with([0.5, np.nan]), run_with([0.4, 0.0])
    (overall,) = distances(old, new, usable_answers(new), ())
    assert overall.largest == 1.0
    assert overall.mean == pytest.approx(0.55)
    assert spread_of(old) == 0.0
    assert spread_of(new) == pytest.approx(0.4)
