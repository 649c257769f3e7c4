"""Tables of an export as columns of texts: csv, packed or not, or a first sheet of Excel."""

from collections.abc import Iterable
from pathlib import Path

from fairness.errors import DataError, UsageError
from fairness.tables.columns import texts
from fairness.tables.table import read_table
from fairness.text import one_line
from fairness.unknown import whole


def found(folder: Path, name: str) -> Path:
    """The csv file of that name, or packed with gzip.

    Raises:
        DataError: there is neither.
    """
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.is_file():
            return path
    raise DataError(f"{folder}: no {name}.csv or {name}.csv.gz; fetch it from the data's owner")


def columns_of(path: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """The columns of these names, row by row; `1.0` as `1`, nothing for null.

    Raises:
        DataError: the file cannot be read, or a column is missing.
        UsageError: it is of Excel, and openpyxl is not installed.
    """
    names = list(names)
    sheet = path.suffix.lower() == ".xlsx"
    table = _of_excel(path) if sheet else _of_csv(path, names)
    if absent := [name for name in names if name not in table]:
        raise DataError(
            f"{path}: no column '{absent[0]}'; it has {', '.join(map(str, table))}; is it the file "
            "as published?"
        )
    return {name: table[name] for name in names}


def _of_csv(path: Path, names: list[str]) -> dict[str, list[str]]:
    columns = read_table(path, names).columns
    return {
        name: texts(columns[name]).rows() if name in names else [] for name in columns.column_names
    }


def _of_excel(path: Path) -> dict[str, list[str]]:
    """The first sheet, named by its first row."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise UsageError(
            f"{path}: Excel files need openpyxl; pip install 'fair-audit-triton[fetch]', or save "
            "the sheet as csv"
        ) from None
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = [[one_line(cell) for cell in row] for row in book.worksheets[0].values]
    except Exception as error:  # whatever a broken or hostile file makes the library raise
        raise DataError(
            f"{path}: not a readable Excel file ({one_line(error)[:200]}); save the sheet as csv"
        ) from None
    header = rows[0] if rows else []
    return {name: [whole(row[i]) for row in rows[1:]] for i, name in enumerate(header) if name}
