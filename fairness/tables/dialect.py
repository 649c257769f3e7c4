"""Bytes of a csv file, as hospitals have them, as UTF-8 text with a known separator."""

import codecs
import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from fairness.errors import DataError
from fairness.text import one_line

SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
OTHER_FILES = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"SQLite format 3": "a database",
}
"""First bytes of what people take for a table."""

_BLANK_LINES = re.compile(rb"\A(?:[ \t]*[\r\n]+)+")
_SEP_LINE = re.compile(rb'"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """A csv file ready to be parsed."""

    text: bytes
    """UTF-8, from the header on, ending with a line break."""
    separator: str
    decimal_comma: bool
    """Whether `0,5` may be a number, which it is not where commas separate columns."""
    note: str | None
    """What the user should know about how it was read."""


def dialect_of(path: Path, content: bytes, wanted: Collection[str]) -> Dialect:
    """Find encoding and separator.

    Args:
        path: named in errors.
        content: of the file.
        wanted: names of columns; of two separators the one counts that gives more of them.

    Raises:
        DataError: it is no text, or not of one encoding; names the row.
    """
    text, note = utf8(path, content)
    text = _BLANK_LINES.sub(b"", text)
    separator = None
    if stated := _SEP_LINE.match(text):
        separator, text = stated[1].decode("latin-1"), _BLANK_LINES.sub(b"", text[stated.end() :])
    if not text:
        raise DataError(f"{path}: it is empty; name a file with a header and rows")
    text = text if text.endswith((b"\n", b"\r")) else text + b"\n"
    if separator is None:
        first = re.split(r"[\r\n]", text[:1_000_000].decode("utf-8", "ignore"), maxsplit=1)[0]
        separator = max(SEPARATORS, key=lambda s: fit(first, s, wanted))
    elif separator not in SEPARATORS:
        raise DataError(
            f"{path}: its first line names the separator '{one_line(separator)}'; separate columns "
            f"by {', '.join(NAMES.values())}"
        )
    return Dialect(text, separator, separator != ",", note)


def fit(header: str, separator: str, wanted: Collection[str]) -> tuple[int, int]:
    """How many wanted names a header gives under a separator, and how many in all."""
    names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    return len(set(names) & set(wanted)), len(names)


def utf8(path: Path, content: bytes) -> tuple[bytes, str | None]:
    """The text of a csv file in UTF-8 without a byte-order mark, and a note on its encoding.

    Raises:
        DataError: it is no text, or not of one encoding; names the row.
    """
    for start, kind in OTHER_FILES.items():
        if content.startswith(start):
            raise DataError(f"{path}: it is {kind}; save the table as csv or parquet")
    encoding, skip = encoding_of(content)
    if encoding != "utf-8":
        try:
            text = content[skip:].decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}: not {encoding.upper()} from byte {skip + error.start} on; save it as "
                "csv in UTF-8"
            ) from None
        content, skip = text.encode("utf-8", "replace"), 0
    content = content[skip:]
    if (place := content.find(b"\0")) >= 0:
        raise DataError(
            f"{path}: a zero byte in line {line_of(content, place)}, so no csv file; save the "
            "table as csv in UTF-8, or as parquet"
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return western(path, content, error.start)
    return content, None


def encoding_of(content: bytes) -> tuple[str, int]:
    """The encoding that a file's first bytes say, and how many of them to skip."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding, len(mark)
    start = content[:200]
    if len(start) > 3 and start[0::2].count(0) > len(start) // 3:
        return "utf-16-be", 0
    if len(start) > 3 and start[1::2].count(0) > len(start) // 3:
        return "utf-16-le", 0
    return "utf-8", 0


def western(path: Path, content: bytes, place: int) -> tuple[bytes, str]:
    """A text in Windows-1252, of which Latin-1 is a part, as UTF-8.

    Raises:
        DataError: a text in UTF-8 with a damaged byte, or none of the two; names the line.
    """
    line = line_of(content, place)
    damaged = not content.decode("utf-8", "ignore").isascii()
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        damaged = True
    if damaged:
        raise DataError(
            f"{path}: line {line} holds the byte 0x{content[place]:02x}, which is no UTF-8; save "
            "the file as csv in UTF-8"
        )
    note = f"line {line} is no UTF-8; read as Windows-1252 (Western European): check the names"
    return text.encode("utf-8"), note


def line_of(content: bytes, place: int) -> int:
    """Number of the line that a byte is in, from 1 on."""
    return content.count(b"\n", 0, place) + 1
