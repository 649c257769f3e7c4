"""What counts as not recorded, against the list that the documentation gives."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.attributes import GENDER, RACE, UNKNOWN
from fairness.unknown import CODES, WORDS, _is_unknown, is_unknown, plain, whole

DOCS = Path(__file__).parents[2] / "docs" / "data.md"
_WRITTEN = """NA N/A n/a na <NA> #N/A n.a. NaN nan NaT None null NIL \\N ? ?? - -- — . ... UNK Unkn
unknown Unknown UNKNOWN missing blank (blank) [unknown] -1 -1.0 -9 -99.0 -999 unbekannt"""


@pytest.mark.parametrize(
    "text",
    [*_WRITTEN.split(), "", " ", "Not reported", "not recorded", "NOT_REPORTED",
     "Unknown / Not Reported", "prefer not to say", "Patient declined to answer",
     "keine Angabe", "not  available "],
)  # fmt: skip
def test_what_hospitals_write_is_unknown(text: str) -> None:
    assert is_unknown(text)


@pytest.mark.parametrize(
    "text",
    ["Other", "other", "N", "No", "U", "X", "UK", "0", "1", "9", "99", "-2", "+", "<60", ">",
     "Refused", "Declined", "Mixed", "Not Hispanic", "None of these", "Unknowable", "A", "1.5"],
)  # fmt: skip
def test_a_real_category_is_known(text: str) -> None:
    assert not is_unknown(text)


def test_more_words_are_compared_as_the_list_is() -> None:
    more = frozenset(map(plain, ("Other", "9", "U")))
    assert all(is_unknown(text, more) for text in ("other", "OTHER.", "9", "9.0", "u"))
    assert not any(is_unknown(text, more) for text in ("another", "19", "-8", "UU"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.0", "1"), ("1.", "1"), ("-1.00", "-1"), ("-0.0", "0"), ("007", "007"), ("1.5", "1.5"),
     ("v1.0", "v1.0"), ("1.0.0", "1.0.0"), ("", "")],
)  # fmt: skip
def test_whole_floats_are_integers(text: str, expected: str) -> None:
    assert whole(text) == expected


@given(st.integers(0, 2), st.sampled_from([int, float, str, "{}.0".format, " {} ".format]))
def test_a_code_is_a_code_however_it_is_written(code: int, write: type) -> None:
    assert RACE.code(write(code)) == code
    assert RACE.code(RACE.groups[code].upper()) == code


def test_other_codes_and_names_have_no_code() -> None:
    values: list[object] = [3, 7, 1.5, -2, float("inf"), "Asians", "Other", "1.5", 10**400]
    assert [RACE.code(value) for value in values] == [None] * len(values)
    unknown: list[object] = [float("nan"), None, -1, -1.0, "", "n/a", "-9.0"]
    assert {GENDER.code(value) for value in unknown} == {UNKNOWN}


def test_the_documentation_lists_every_word_and_code() -> None:
    section = (
        DOCS.read_text(encoding="utf-8").split("## What counts as unknown")[1].split("\n## ")[0]
    )
    listed = {plain(word) for word in re.findall(r"`([^`]+)`", section)}
    assert listed >= WORDS
    assert listed >= {str(code) for code in CODES}


@given(st.text(alphabet="aZn9-1. _0/\n\\A+é٣不", max_size=6))
def test_a_code_is_known_at_once_exactly_where_the_words_say_so(text: str) -> None:
    assert is_unknown(text) == _is_unknown(text, frozenset())
