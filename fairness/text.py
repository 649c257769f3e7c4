"""Text from files and servers: one printable line, and cells of csv files that run nothing."""

import re

_FORMULA = re.compile(r"(^|[;\t])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""ASCII's four beginnings of a formula, and the same in full width, as Japanese keyboards have."""


def printable(text: str) -> str:
    """Blanks for control characters, line breaks and whatever else has no glyph."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def one_line(value: object) -> str:
    """`1` for 1.0 and true, nothing for None, blanks for control characters and line breaks."""
    if value is None:
        return ""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    return " ".join(printable(str(value)).split())


def short(text: object, most: int = 160) -> str:
    """A text as one printable line of at most so many characters."""
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def csv_cell(value: object) -> object:
    """A number as it is, nothing for None, a text as one line that no spreadsheet calculates.

    A text that begins like a formula gets an apostrophe before it, also after a semicolon, at which
    some spreadsheets divide cells; a text that is a number, such as -0.5, does not.
    """
    if value is None or isinstance(value, int | float):
        return "" if value is None else value
    text = one_line(value)
    return text if _is_number(text) else _FORMULA.sub(r"\1\2'", text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
