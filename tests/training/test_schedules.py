"""Learning rates against golden values of the released code."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.schedules import Schedule

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "fairseg_losses.json").read_text("utf-8")
)


@pytest.mark.parametrize("case", GOLDEN["schedules"], ids=lambda case: case["name"])
def test_rates_equal_the_golden_values(case: dict[str, Any]) -> None:
    schedule = Schedule(case["base"], case["total"], case["warmup"])
    found = [schedule.after(int(step)) for step in case["after"]]
    assert found == pytest.approx(list(case["after"].values()), rel=1e-9)


def test_a_step_uses_the_rate_set_before_it() -> None:
    schedule = Schedule(base=0.005, total=16700, warmup=250)
    assert schedule.at(0) == schedule.at(1) == pytest.approx(0.005 / 250)
    assert schedule.at(250) == pytest.approx(0.005)


def test_rate_ends_at_zero() -> None:
    assert Schedule(base=0.1, total=10).after(12) == 0.0
