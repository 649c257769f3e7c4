"""One table in every dialect and type, against its rows written out by hand."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairness.errors import DataError, UsageError
from fairness.tables.columns import Texts, check_groups, groups, numbers, texts
from fairness.tables.names import check_attribute_names, require_columns
from fairness.tables.rows import covariates_of, ids_of, patients_of
from fairness.tables.table import read_table
from fairness.text import one_line
from fairness.unknown import whole

PLAIN = 'id,sex,age\na,Femme,0.5\nb,"M, X",\nc,Año,7\n'


def as_parquet() -> bytes:
    file = io.BytesIO()
    table = pa.table(
        {"id": ["a", "b", "c"], "sex": ["Femme", "M, X", "Año"], "age": [0.5, None, 7]}
    )
    pq.write_table(table, file)
    return file.getvalue()


def semicolons(text: str) -> str:
    return text.replace(",", ";").replace("M; X", "M, X").replace("0.5", "0,5")


CONTENTS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: PLAIN.encode(),
    "marked": lambda: PLAIN.encode("utf-8-sig"),
    "utf16": lambda: PLAIN.encode("utf-16"),
    "windows": lambda: PLAIN.encode("cp1252"),
    "lines": lambda: PLAIN.replace("\n", "\r\n").encode(),
    "semicolons": lambda: semicolons(PLAIN).encode(),
    "stated": lambda: f"sep=;\n{semicolons(PLAIN)}".encode(),
    "packed": lambda: gzip.compress(PLAIN.encode()),
    "parquet": as_parquet,
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_dialect_gives_the_same_columns(tmp_path: Path, kind: str) -> None:
    (tmp_path / "t").write_bytes(CONTENTS[kind]())
    read = read_table(tmp_path / "t", ("id", "sex"))
    assert texts(read.columns["id"]).rows() == ["a", "b", "c"]
    assert texts(read.columns["sex"]).rows() == ["Femme", "M, X", "Año"]
    np.testing.assert_array_equal(numbers(read.columns["age"]), [0.5, np.nan, 7])
    assert bool(read.notes) == (kind == "windows")


def test_columns_become_ids_patients_groups_and_covariates(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,who,sex,age,note\n1,p,F,50,x\n2,,M,n/a,y\n3,p,?,60,z\n")
    table = read_table(path, ()).columns
    ids = ids_of(path, table, "id")
    assert ids == ["1", "2", "3"]
    assert patients_of(table, "who", ids) == ("p", "2", "p")
    attribute, codes = groups(path, "sex", texts(table["sex"]), None, frozenset())
    assert (attribute.groups, codes.tolist()) == (("F", "M"), [0, 1, -1])
    found, notes = covariates_of(table, {"id", "who", "sex"}, {})
    assert list(found) == ["age"]
    np.testing.assert_array_equal(found["age"], [50, np.nan, 60])
    assert notes == []


def test_names_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    table = read_table(path, ()).columns
    require_columns(path, table, ["a", "b"])
    with pytest.raises(UsageError, match=r"no column 'c' \(it has: a, b\)"):
        require_columns(path, table, ["c"])
    with pytest.raises(DataError, match="it has no rows"):
        require_columns(path, table.slice(0, 0), ["a"])
    for name in ("id", "score", "overall", "b", "two\nlines"):
        with pytest.raises(UsageError, match="cannot be an attribute"):
            check_attribute_names(path, [name], {"b"})


def test_measurements_are_no_groups() -> None:
    column = Texts(tuple(map(str, range(30))), np.arange(30))
    attribute, _ = groups(Path("t"), "age", column, None, frozenset())
    with pytest.raises(UsageError, match="'age' has 30 different numbers"):
        check_groups(Path("t"), attribute, numbers_too=True)


ODD = [
    "a",
    "a b",
    " a",
    "a  b",
    "a\u200b",
    "\t",
    "",
    None,
    "1.0",
    "-0.",
    "+2.00",
    "1.0 ",
    "é",
    "1.5",
]


@pytest.mark.parametrize("as_is", [False, True])
def test_texts_that_pyarrow_finds_usual_are_as_python_would_write_them(as_is: bool) -> None:
    expected = [one_line(word) if as_is else whole(one_line(word)) for word in ODD]
    assert texts(pa.array(ODD), as_is=as_is).rows() == expected


def test_numbers_are_those_of_python_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    drawn = [*rng.random(2000), *np.exp(rng.normal(0, 40, 2000))]
    words = [*map(repr, drawn), "0", "-0.0", "1e22", "9007199254740993", "4.35e-99"]
    found = numbers(pa.chunked_array([words[:10], words[10:]]))
    np.testing.assert_array_equal(found, np.array(list(map(float, words))))
