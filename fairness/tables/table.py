"""Reads a parquet or csv file as a table: every column as texts or numbers, nothing interpreted."""

import csv
import io
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from fairness.errors import DataError
from fairness.tables.dialect import NAMES, Dialect, dialect_of
from fairness.tables.original_predictions import read_original
from fairness.text import one_line

MOST_BYTES = 1 << 31
"""Largest unpacked file: a small one may claim to unpack into any size."""
MOST_COLUMNS = 10_000

COMMA_NUMBER = r"^\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*$"
"""A number with a decimal comma."""
POINT_NUMBER = r"^\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True)
class Table:
    """Columns by name, as pyarrow arrays of one length."""

    columns: Any
    """A pyarrow table; names are printable, columns without one are left out."""
    metadata: dict[bytes, bytes]
    """Of a parquet file."""
    notes: tuple[str, ...]
    """What the user should know about how it was read."""


def read_table(path: Path, wanted: Collection[str]) -> Table:
    """Read a file, parquet where it begins as such, else csv; either may be packed with gzip.

    An npz file is read as FairCLIP's own predictions (`original_predictions.py`).

    `wanted` are names of columns that help to find the separator.

    Raises:
        DataError: it cannot be read; names the row, the separator or the encoding.
    """
    content = unpacked(path)
    metadata: dict[bytes, bytes] = {}
    notes: tuple[str, ...] = ()
    try:
        if content.startswith(b"PAR1"):
            table = pq.read_table(pa.BufferReader(content))
            table.validate(full=True)  # pyarrow takes texts for UTF-8 without a look
            metadata = dict(table.schema.metadata or {})
        elif path.suffix.lower() in (".parquet", ".pq"):
            raise DataError(f"{path}: not a readable parquet file; write it anew")
        elif path.suffix.lower() == ".npz":
            table, notes = read_original(path)
        else:
            table, notes = read_csv(path, dialect_of(path, content, wanted))
        names = [one_line(name) for name in table.column_names]  # fails for what is no text
        kept = [i for i, name in enumerate(names) if name and (name in wanted or usable(table[i]))]
        table = pa.Table.from_arrays(
            [plain_column(path, names[i], table[i]) for i in kept], names=[names[i] for i in kept]
        )
    except (pa.ArrowException, ValueError, OSError, MemoryError) as error:
        reason = one_line(error)
        raise DataError(f"{path}: not a readable parquet or csv file ({reason[:200]})") from None
    return Table(table, metadata, notes)


def release() -> None:
    """Give memory back that tables took and no longer need: 100 MB of a million rows."""
    pa.default_memory_pool().release_unused()


def unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked where gzip packed them.

    Raises:
        DataError: it is not there, cannot be read, or unpacks into too much.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = one_line(getattr(error, "strerror", None) or error)
        raise DataError(f"{path}: cannot be read ({reason}); name a parquet or csv file") from None
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(content, MOST_BYTES)
    except zlib.error as error:
        raise DataError(f"{path}: broken gzip ({error}); pack it anew") from None
    if not unpacker.eof or unpacker.unused_data:
        raise DataError(
            f"{path}: not one whole gzip file of at most {MOST_BYTES >> 30} GiB; unpack it first"
        )
    return content


def read_csv(path: Path, dialect: Dialect) -> tuple[Any, tuple[str, ...]]:
    """A table of texts, named by its first row, and notes.

    Raises:
        DataError: a row has too many or too few fields, or a quote stays open; names the row.
        pyarrow.ArrowException: pyarrow cannot parse it.
    """
    if b'"' in dialect.text:
        check_quotes(path, dialect)
    ragged: list[Any] = []

    def skip(row: Any) -> str:
        if row.text.strip():
            ragged.append(row)
        return "skip"

    table = pyarrow.csv.read_csv(
        pa.BufferReader(dialect.text),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False,  # else a ragged row does not know its number
            autogenerate_column_names=True,
            block_size=min(len(dialect.text) + 1, 1 << 30),
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.separator, newlines_in_values=True, invalid_row_handler=skip
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={f"f{i}": pa.string() for i in range(MOST_COLUMNS)}
        ),
    )
    if ragged:
        row = ragged[0]
        raise DataError(
            f"{path}: row {row.number - 1} has {row.actual_columns} fields, the header "
            f"{row.expected_columns}, separated by {NAMES[dialect.separator]}; put texts that hold "
            "the separator into quotes"
        )
    if table.num_columns > MOST_COLUMNS:
        raise DataError(f"{path}: {table.num_columns} columns are more than {MOST_COLUMNS}")
    header = [column[0].as_py() for column in table]
    table = table.slice(1).rename_columns(header)
    if dialect.decimal_comma:
        columns = [with_point(column) for column in table]
        table = pa.Table.from_arrays(columns, names=table.column_names)
    return table, () if dialect.note is None else (dialect.note,)


def check_quotes(path: Path, dialect: Dialect) -> None:
    """Refuse a quote that stays open: it would swallow the rows after it without a word.

    Raises:
        DataError: names the row where it begins.
    """
    rows = csv.reader(
        io.TextIOWrapper(io.BytesIO(dialect.text), encoding="utf-8", newline=""),
        delimiter=dialect.separator,
        strict=True,
    )
    number = 0
    try:
        for row in rows:
            number += bool(row)  # blank lines are no rows
    except csv.Error as error:
        where = f"row {number}" if number else "the header"
        raise DataError(
            f"{path}: {where} has a quote that is not closed, or text behind one ({error}); "
            "write a quote inside a quoted text twice"
        ) from None


def with_point(column: Any) -> Any:
    """A column of texts with decimal commas as points, unless other numbers in it have points.

    `1.234,5` stays as it is, and is refused where a number is needed.
    """
    numbers = pc.match_substring_regex(column, COMMA_NUMBER)
    if (
        not pc.any(numbers).as_py()
        or pc.any(pc.match_substring_regex(column, POINT_NUMBER)).as_py()
    ):
        return column
    return pc.if_else(numbers, pc.replace_substring(column, ",", "."), column)


def plain_column(path: Path, name: str, column: Any) -> Any:
    """A column of texts, whole numbers, booleans, decimals or float64.

    A float32 or float16 becomes the number of its shortest decimal text: 0.7 is 0.7, as in csv,
    where its binary value would lie below it.

    Raises:
        DataError: it holds anything else.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_float16(kind):
        return pc.cast(pa.array(column.to_numpy().astype(str)), pa.float64())
    if pa.types.is_float32(kind):
        return pc.cast(pc.cast(column, pa.string()), pa.float64())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):  # texts of older programs
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            raise DataError(f"{path}: column '{name}' holds bytes that are no UTF-8") from None
    if pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
        return column.cast(pa.string())
    if not usable(column):
        raise DataError(f"{path}: column '{name}' holds {kind}; write texts or numbers")
    return column


def usable(column: Any) -> bool:
    """Whether a column holds texts, numbers, booleans, or nothing but null."""
    kind = column.type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    )
