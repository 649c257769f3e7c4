"""A parquet file whose texts are no texts: pyarrow reads them, and fails where they are used."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.records.columns import Columns
from audit.records.predictions import NAMES_KEY, SPLIT_KEY, read_predictions
from fairness.errors import DataError


def columns() -> dict[str, object]:
    return {"target": [0, 1] * 4, "score": [0.1, 0.9] * 4, "race": ["Asian", "Black"] * 4}


@pytest.mark.parametrize("name", ["race", "id"])
def test_texts_that_are_not_utf_8_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    sizes = pa.py_buffer(b"".join((2 * i).to_bytes(4, "little") for i in range(9)))
    bad = pa.StringArray.from_buffers(8, sizes, pa.py_buffer(b"\x9c\xff" * 8))
    pq.write_table(pa.table(columns() | {name: bad}), tmp_path / "scores.parquet")
    with pytest.raises(DataError, match=r"scores\.parquet") as caught:
        read_predictions(tmp_path / "scores.parquet", Columns(attributes=("race",)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (SPLIT_KEY, b"\xff\xfe"), (NAMES_KEY, b"\xff"), (NAMES_KEY, b"{"), (NAMES_KEY, b"[1]"),
        (NAMES_KEY, b'{"model": 1}'), (NAMES_KEY, b"[" * 100_000),
    ],
)  # fmt: skip
def test_metadata_that_are_no_text_are_refused_in_one_line(
    tmp_path: Path, key: bytes, value: bytes
) -> None:
    table = pa.table(columns()).replace_schema_metadata({key: value})
    pq.write_table(table, tmp_path / "scores.parquet")
    with pytest.raises(DataError, match=r"scores\.parquet.*metadata"):
        read_predictions(tmp_path / "scores.parquet", Columns(attributes=("race",)))


def test_names_in_metadata_are_printable_lines(tmp_path: Path) -> None:
    names = b'{"model": "a\\u001b[2J\\nb", "dataset": "d", "split": "test"}'
    table = pa.table(columns()).replace_schema_metadata({NAMES_KEY: names})
    pq.write_table(table, tmp_path / "scores.parquet")
    found = read_predictions(tmp_path / "scores.parquet", Columns(attributes=("race",)))
    assert found.names is not None
    assert found.names.model.isprintable()
