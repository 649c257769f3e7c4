"""Lines of `chosen_tables.py`: what the report has at the fixed threshold beside the rest."""

from fairness.beside.chosen_tables import AtChosen, GapAtChosen, LargestAtChosen
from fairness.outcomes import Contrast, Row


def line_of(fixed: Row, told: Row) -> AtChosen:
    """Both intervals of one number of one group."""
    return AtChosen(
        told.attribute,
        told.group,
        told.metric,
        told.value,
        fixed.low,
        fixed.high,
        told.low,
        told.high,
        told.method,
        told.n,
        told.n_positive,
        told.reason,
    )


def pair_of(told: Contrast, fixed: Contrast | None) -> GapAtChosen:
    """Both intervals of one difference."""
    return GapAtChosen(
        told.attribute,
        told.metric,
        told.group_a,
        told.group_b,
        told.value,
        *((fixed.low, fixed.high, fixed.p) if fixed else (None,) * 3),
        told.low,
        told.high,
        told.p,
        told.low_adjusted,
        told.high_adjusted,
        told.p_adjusted,
        told.reason,
    )


def largest_line(
    fixed: Row, told: Row, fixed_test: Contrast | None, test: Contrast | None
) -> LargestAtChosen:
    """Both intervals of one largest gap, and both tests."""
    return LargestAtChosen(
        told.attribute,
        told.metric,
        told.value,
        fixed.low,
        fixed.high,
        fixed_test.p if fixed_test else None,
        told.low,
        told.high,
        test.p if test else None,
    )
