"""Text of others on a terminal and in a csv file."""

import pytest

from fairness.errors import DataError
from fairness.text import csv_cell, one_line, printable


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-1+1", "'-1+1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1+1", "'=1+1"), ("\r=1+1", "'=1+1"), ("  =1", "'=1"), ("\uff1d1+1", "'\uff1d1+1"),
        ("a;=1+1", "a;'=1+1"), ("a; =1+1", "a; '=1+1"), ("-", "'-"),
        ("-0.049", "-0.049"), ("+3", "+3"), ("-1e-5", "-1e-5"), ("-inf", "-inf"),
        (-0.049, -0.049), (-3, -3), (1e300, 1e300), (True, True), (None, ""),
        ("< 40", "< 40"), (">= 80", ">= 80"), ("White - Black", "White - Black"), ("a=b", "a=b"),
        ("x\x1b[31m\ny", "x [31m y"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula_and_every_number_stays_one(value: object, cell: object) -> None:
    assert csv_cell(value) == cell
    assert type(csv_cell(value)) is type(cell)


@pytest.mark.parametrize("code", [*range(32), *range(127, 160), 0x202E, 0x2028, 0xD800, 0xFFFE])
def test_no_control_character_is_printed(code: int) -> None:
    assert printable(f"a{chr(code)}b") == "a b"
    assert one_line(f"a{chr(code)}\nb") == "a b"
    assert str(DataError(f"a{chr(code)}b")) == "a b"


def test_no_message_fills_the_screen() -> None:
    assert len(str(DataError("x" * 1_000_000))) < 2100
