"""The same rows in every dialect of csv and type of parquet, against the plain csv of them."""

import gzip
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.records.columns import Columns
from audit.records.predictions import Predictions, read_predictions
from fairness.errors import DataError

PLAIN = 'id,target,score,race,age\na,1,0.7,Año,55\nb,0,0.25,B,999\nc,1,0.75,"x, y",-1.5\n'
SEMICOLONS = PLAIN.replace('"x, y"', "x; y").replace(",", ";").replace("x; y", '"x, y"')
COMMAS = SEMICOLONS.replace(".", ",")  # decimal commas


def read(path: Path, content: bytes, **columns: Any) -> Predictions:
    path.write_bytes(content)
    return read_predictions(path, Columns(**{"attributes": ("race",), **columns}))


def parquet(columns: dict[str, object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-32"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.rstrip("\n").encode(),
        f"\n  \n{PLAIN}\n\n   \n".encode(),
        PLAIN.replace("\nb", "\n\nb").encode(),
        SEMICOLONS.encode(),
        COMMAS.encode("utf-8-sig"),
        COMMAS.encode("utf-16"),
        SEMICOLONS.replace(";", "\t").encode(),
        SEMICOLONS.replace(";", "|").encode(),
        f"sep=,\n{PLAIN}".encode(),
        f'"sep=;"\r\n{COMMAS}'.encode("utf-8-sig"),
        b"SEP=\t\n" + SEMICOLONS.replace(";", "\t").encode(),
        PLAIN.replace("\n", ",\n").encode(),
        PLAIN.replace("id,target,score", " id ,target, score").encode(),
        PLAIN.replace(",1,", ",TRUE,").replace(",0,", ",false,").encode(),
        PLAIN.replace(",1,", ",1.0,").replace(",0,", ",0.00,").encode(),
        gzip.compress(PLAIN.encode()),
        parquet(
            {
                "id": ["a", "b", "c"],
                "target": [True, False, True],
                "score": pa.array([0.7, 0.25, 0.75], pa.float32()),
                "race": pa.array(["Año", "B", "x, y"]).dictionary_encode(),
                "age": pa.array([55, 999, -1.5], pa.float32()),
            }
        ),
        parquet(
            {
                "id": pa.array([b"a", b"b", b"c"]),
                "target": pa.array([Decimal("1.0"), Decimal("0.0"), Decimal("1.0")]),
                "score": pa.array([Decimal("0.70"), Decimal("0.25"), Decimal("0.75")]),
                "race": pa.array(["Año", "B", "x, y"], pa.large_string()),
                "age": pa.array([Decimal("55.0"), Decimal("999.0"), Decimal("-1.5")]),
                "unused": pa.array([[1], [2], None]),
            }
        ),
        parquet(
            {
                "id": ["a", "b", "c"],
                "target": pa.array([1, 0, 1], pa.uint64()),
                "score": pa.array(np.array([0.7, 0.25, 0.75], np.float16)),
                "race": ["Año", "B", "x, y"],
                "age": pa.array([55, 999, -1.5]),
            }
        ),
    ],
)
@pytest.mark.parametrize("name", ["f.csv", "F.CSV", "f.txt"])
def test_every_dialect_gives_the_same_rows(tmp_path: Path, content: bytes, name: str) -> None:
    found = read(tmp_path / name, content)
    assert found.answered.values["score"].tolist() == [0.7, 0.25, 0.75]
    assert found.answered.labels is not None
    assert found.answered.labels.tolist() == [1, 0, 1]
    cases = found.answered.cases
    assert cases.ids == ("a", "b", "c")
    assert [cases.attributes[0].label(code) for code in cases.codes["race"]] == ["Año", "B", "x, y"]
    assert cases.covariates["age"].tolist() == [55, 999, -1.5]
    assert len(found.notes) == (content == PLAIN.encode("cp1252"))  # read on suspicion


@pytest.mark.parametrize("name", ["f.pq", "F.PARQUET", "f.parquet", "f.csv"])
def test_parquet_is_known_by_its_beginning(tmp_path: Path, name: str) -> None:
    content = parquet({"target": [1, 0], "score": [0.5, 0.25], "race": ["A", "B"]})
    assert len(read(tmp_path / name, content).answered.cases) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (b"id,target,score,race", "it has no rows"),
        (PLAIN.encode() + b"d,1,0.5\n", "row 4 has 3 fields, the header 5, separated by commas"),
        (PLAIN.encode() + b"d,1,0.5,A,1,2\n", "row 4 has 6 fields"),
        (PLAIN.encode() + b'd,1,0.5,"A,1\ne,1,0.5,A,1\n', "row 4 has a quote that is not closed"),
        (PLAIN.encode() + b'd,1,0.5,"A\ne,1,0.5,"A",1\n', "row 4 .* text behind one"),
        (PLAIN.encode() + b"d,1,0.5,\0,1\n", "zero byte in line 5"),
        (PLAIN.encode() + b"d,1,0.5,\xff,1\n", "line 5 holds the byte 0xff, which is no UTF-8"),
        (b"id,target,score,race\na,1,0.5,\x81\n", "line 2 holds the byte 0x81"),
        (PLAIN.encode("utf-16")[:-1], "not UTF-16-LE from byte"),
        (b"sep=:\nid:race\n", "names the separator ':'"),
        (PLAIN.replace(",race,", ",target,").encode(), "several columns 'target'"),
        (COMMAS.replace("0,25", "1.234,5").encode(), "'score' is '1.234,5' in row 2"),
        (COMMAS.replace("0,25", "0.25").encode(), "'score' is '0,7' in row 1"),
        (PLAIN.replace("0.25", '"0,25"').encode(), "'score' is '0,25' in row 2"),
        (PLAIN.replace("0.25", "25%").encode(), "'score' is '25%' in row 2"),
        (PLAIN.replace("0.25", "1_0").encode(), "'score' is '1_0' in row 2"),
        (b"PK\x03\x04" + bytes(50), "a zip archive or an Excel workbook"),
        (gzip.compress(PLAIN.encode())[:-5], "not one whole gzip file"),
        (b"\x1f\x8bbroken", "broken gzip"),
        (parquet({"target": [1, 0], "score": [1, 0], "race": [["A"], ["B"]]}), "holds list<"),
        (parquet({"target": [1, 0], "score": [1, 0], "race": [b"\xff", b"B"]}), "no UTF-8"),
        (parquet({"target": [1, 0], "score": [1, 0], "race": ["A", "B"]})[:-9], "not a readable"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    attributes = ("target",) if b",target,age" in content else ("race",)
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "f.csv", content, attributes=attributes)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith(str(tmp_path / "f.csv"))


def test_a_quoted_line_break_is_no_row_and_a_lone_quote_no_quote(tmp_path: Path) -> None:
    content = 'target,score,race,age\n1,0.5,"A\nB",1\n0,0.5,5" screen,2\n'
    cases = read(tmp_path / "f.csv", content.encode()).answered.cases
    assert cases.attributes[0].groups == ('5" screen', "A B")
    assert cases.codes["race"].tolist() == [1, 0]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read .Is a directory."):
        read_predictions(tmp_path, Columns())
