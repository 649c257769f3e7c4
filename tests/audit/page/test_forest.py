import pytest

from audit.page.forest import Axis, axis_of, lowest, round_step
from fairness.outcomes import Row


def row(
    group: str, value: float | None, low: float | None = None, high: float | None = None
) -> Row:
    return Row(
        model="m", dataset="d", split="test", attribute="race", group=group, metric="auc",
        value=value, low=low, high=high, method=None, n=50, n_positive=20, reason=None,
    )  # fmt: skip


def test_an_axis_holds_every_limit_between_round_numbers() -> None:
    axis = axis_of([row("A", 0.71, 0.66, 0.78), row("B", 0.83, 0.80, 0.87), row("C", None)])
    assert axis.ticks == (0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
    assert [axis.label(tick) for tick in axis.ticks][:2] == ["0.65", "0.70"]
    assert axis.place(0.65) == 0
    assert axis.place(0.9) == 100
    assert axis.place(0.775) == 50


def test_places_outside_the_axis_stay_on_it() -> None:
    axis = Axis(0.0, 1.0, (0.0, 1.0))
    assert axis.place(-3.0) == 0
    assert axis.place(7.0) == 100


@pytest.mark.parametrize("rows", [[], [row("A", None)]])
def test_an_axis_of_nothing_goes_from_0_to_1(rows: list[Row]) -> None:
    assert (axis_of(rows).low, axis_of(rows).high) == (0.0, 1.0)


def test_an_axis_of_one_value_has_a_width() -> None:
    axis = axis_of([row("A", 1.0, 1.0, 1.0)])
    assert axis.low < 1.0 < axis.high


@pytest.mark.parametrize(("about", "step"), [(0.0021, 0.002), (0.4, 0.5), (3.0, 2.0), (80, 100)])
def test_steps_are_1_2_or_5_times_a_power_of_ten(about: float, step: float) -> None:
    assert round_step(about) == pytest.approx(step)


def test_the_unknown_and_the_hidden_are_never_the_lowest() -> None:
    rows = [row("A", 0.8), row("unknown", 0.1), row("B", None), row("C", 0.7)]
    found = lowest(rows)
    assert found is not None
    assert found.group == "C"
    assert lowest(rows[1:3]) is None
