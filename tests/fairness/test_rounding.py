"""Coarse numbers: limits still hold what they held, and p-values agree with them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fairness.disclosure.rounding import coarse, without_numbers
from fairness.outcomes import Contrast

ALPHA = 0.05
ONE = Contrast("race", "auc", "A", "B", 0.0, -0.1, 0.1, 0.5)
SIDES = st.floats(-1, 1).flatmap(lambda low: st.tuples(st.just(low), st.floats(low, 1)))


@given(SIDES, st.floats(0, 1), st.sampled_from((1, 2)))
def test_limits_go_outwards_and_p_agrees_with_them(
    limits: tuple[float, float], share: float, digits: int
) -> None:
    low, high = limits
    excludes_zero = low > 0 or high < 0
    p = share * 0.0499 if excludes_zero else ALPHA + share * 0.95
    exact = replace(ONE, value=(low + high) / 2, low=low, high=high, p=p, mde=0.12345)
    found = coarse(exact, digits, ALPHA)
    lower, upper, rounded = (float(x or 0) for x in (found.low, found.high, found.p))
    assert low - 10.0**-digits <= lower <= low + 1e-8
    assert high - 1e-8 <= upper <= high + 10.0**-digits
    assert (rounded < ALPHA) == (lower > 0 or upper < 0)
    assert found.mde == round(0.12345, digits)


def test_p_values_keep_two_significant_digits() -> None:
    apart = replace(ONE, low=0.2, high=0.4)
    found = [coarse(replace(apart, p=p), 2, ALPHA).p for p in (0.0496, 0.000123, 3.21e-9, 0.0)]
    assert [f"{p:.3g}" for p in found if p is not None] == ["0.049", "0.00012", "3.2e-09", "0"]


def test_without_numbers_nothing_is_left_but_names() -> None:
    bare = without_numbers(replace(ONE, mde=0.2, p_adjusted=0.3, unknown_low=-1.0))
    names = {"attribute": "race", "metric": "auc", "group_a": "A", "group_b": "B"}
    assert {k: v for k, v in vars(bare).items() if v is not None} == {**names, "label": ""}
