"""Refuses data that are pictures alone, and shows the table that an audit needs."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from fairness.datasets.decode import FORMATS
from fairness.datasets.npy import ENDINGS as ARRAYS
from fairness.errors import UsageError
from fairness.text import one_line

PICTURES = (*FORMATS, *ARRAYS, ".dcm", ".dicom")
"""Endings of files that hold one image."""
PACKED = (".zip", ".tar", ".tgz", ".7z", ".rar", ".tar.gz", ".tar.bz2", ".tar.xz")
TABLES = (".csv", ".tsv", ".parquet", ".pq", ".csv.gz")
LOOKED_AT = 100_000
"""Files of a folder, at most."""


def check_no_image(path: Path) -> None:
    """Refuse a path to one image, or to an archive, where a table is needed.

    Raises:
        UsageError: it is one, by its ending.
    """
    name = path.name.lower()
    if name.endswith(PICTURES):
        raise UsageError(f"--data {path} is one image; {example([path.name], path.parent)}")
    if name.endswith(PACKED):
        raise UsageError(
            f"--data {path} is an archive; unpack it, and name with --data the folder of a known "
            f"data set, or a table: {example(['scans/1.png'], None)}"
        )


def check_no_pictures(folder: Path) -> None:
    """Refuse a folder that holds pictures, and nothing that any reader of folders looks for.

    Raises:
        UsageError: it is one; shows the table that it needs, or names the one that it holds.
    """
    if not folder.is_dir():
        return
    files = list(islice(_files(folder), LOOKED_AT))
    names = [str(path.relative_to(folder)) for path in files]
    if any(name.lower().endswith((".npz", *TABLES)) for name in names):
        return
    pictures = sorted(name for name in names if name.lower().endswith(PICTURES))
    if pictures:
        raise UsageError(f"--data {folder} holds pictures alone; {example(pictures, folder)}")


def table_in(folder: Path | None) -> str:
    """What to name instead of a folder for a described model: its table, or how one looks."""
    if folder is None:
        return example(["scans/1.png"], None)
    if not folder.exists():
        return "nothing is there; correct --data"
    files = list(islice(_files(folder), LOOKED_AT))
    tables = sorted(path for path in files if path.name.lower().endswith(TABLES))
    if tables:
        return f"name its table: --data {tables[0]}"
    pictures = sorted(
        str(path.relative_to(folder)) for path in files if path.name.lower().endswith(PICTURES)
    )
    return example(pictures or ["scans/1.png"], folder if pictures else None)


def example(names: list[str], folder: Path | None) -> str:
    """The table that is needed, in a line: its head, and a row or two."""
    rows = [f"{one_line(name)[:60]},{n % 2},{'FM'[n % 2]}" for n, name in enumerate(names[:2], 1)]
    lines = " and ".join(f"'{line}'" for line in ("file,target,sex", *rows))
    where = "a csv" if folder is None else folder / "table.csv"
    return (
        f"a table must say the label and the groups of each picture: write {where} with lines such "
        f"as {lines}, and name it with --data (docs/your-own-model.md)"
    )


def _files(folder: Path) -> Iterator[Path]:
    """Files of a folder, then those of its folders."""
    try:
        yield from chain(
            (path for path in folder.iterdir() if path.is_file()),
            (path for path in folder.glob("*/**/*") if path.is_file()),
        )
    except OSError as error:
        raise UsageError(f"--data {folder}: {error.strerror}; name another folder") from None
