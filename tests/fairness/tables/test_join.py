"""Two tables joined, against the rows written out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fairness.errors import DataError, FairAuditError
from fairness.tables.columns import numbers, texts
from fairness.tables.join import joined

FIRST, SECOND = Path("scores.csv"), Path("people.csv")
SCORES = {"id": ["c", "a", "b", "a"], "score": [0.3, 0.1, 0.2, 0.4]}
PEOPLE = {"id": ["a", "b", "d"], "sex": ["F", "M", "F"], "age": [50, 60, 70]}


def join(scores: dict[str, Any] = SCORES, people: dict[str, Any] = PEOPLE) -> Any:
    return joined(FIRST, pa.table(scores), SECOND, pa.table(people), "id")


def test_every_row_gets_what_the_second_table_says() -> None:
    table, notes = join()
    assert table.column_names == ["id", "score", "sex", "age"]
    assert texts(table["sex"]).rows() == ["", "F", "M", "F"]
    np.testing.assert_array_equal(numbers(table["age"]), [np.nan, 50, 60, 50])
    np.testing.assert_array_equal(numbers(table["score"]), [0.3, 0.1, 0.2, 0.4])
    unknown, unused = notes
    assert unknown.startswith("1 of 4 rows of scores.csv have no 'id' in people.csv")
    assert unused.startswith("1 of 3 rows of people.csv have no row in scores.csv")


def test_where_all_have_a_partner_nothing_is_noted() -> None:
    _, notes = join({"id": ["a", "b"]}, {"id": ["b", "a"], "sex": ["M", "F"]})
    assert notes == ()


def test_a_column_of_both_tables_must_say_the_same() -> None:
    table, _ = join(SCORES, PEOPLE | {"score": [0.1, 0.2, 9.0]} | {"id": ["x", "b", "d"]})
    assert table["score"].to_pylist() == SCORES["score"]
    with pytest.raises(DataError, match=r"scores\.csv row 3: 'score' is '0.2', in people\.csv '7"):
        join(SCORES, PEOPLE | {"score": [0.1, 7, 9.0], "id": ["x", "b", "d"]})


@pytest.mark.parametrize(
    ("scores", "people", "message"),
    [
        ({"key": ["a"]}, PEOPLE, r"scores\.csv: no column 'id'"),
        (SCORES, {"key": ["a"]}, r"people\.csv: no column 'id'"),
        (SCORES, PEOPLE | {"id": ["a", "b", "a"]}, r"repeats ids \('a' in rows 1 and 3\)"),
        (SCORES, PEOPLE | {"id": ["a", "", "b"]}, "blank id in row 2"),
        (SCORES, PEOPLE | {"id": ["1", "2", "3"]}, r"share no 'id' \(such as 'c' and '1'\)"),
        (SCORES, {"id": [], "sex": []}, "it has no rows"),
    ],
)
def test_tables_that_cannot_be_joined_are_refused(
    scores: dict[str, Any], people: dict[str, Any], message: str
) -> None:
    with pytest.raises(FairAuditError, match=message):
        join(scores, people)
