"""What the files of a folder said when they were last opened: they need not be opened again.

One JSON file a folder and kind of reading, in the user's cache folder: data folders are often
read-only. It holds ids and groups of patients, so it is nobody else's to read. A file counts as
unchanged while its size and both of its times are; whatever is unusual about the index, the files
are opened as if there were none, and it is written anew.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias, TypeVar

from fairness.atomic import write_atomically
from fairness.datasets.code_version import code_version
from fairness.datasets.row_blocks import Row, SealedRows, WaitingRows, lines_of, sealed

LEAST = 1000
"""Files from which on an index is kept: fewer are opened in a fraction of a second."""

MOST_INDEXES = 50
"""That are kept, those of longest ago leaving first."""

SETTLED = 2_000_000_000
"""Nanoseconds after which a change of a file changes its times in every file system."""

OFF = "FAIR_AUDIT_INDEX"
"""Environment variable that switches indexes off where it is `off`."""

T = TypeVar("T")

_Stat: TypeAlias = tuple[int, int, int]
"""Size in bytes, times of change of the content and of anything, in nanoseconds."""


class FolderIndex:
    """Rows by the names of files; `row` looks one up, `keep` and `save` are for the next time.

    Rows are read a block at a time, as long as files are asked for in the order of the last time,
    and new ones wait on the disk.
    """

    def __init__(self, root: Path, kind: str, width: int, *, is_used: bool = True) -> None:
        """Open the index of a folder, where there is one.

        Args:
            root: of the data.
            kind: whatever decides what a row says, beside the file itself.
            width: values of a row.
            is_used: whether there is any index at all.
        """
        self.note = ""
        """What the user should know about it."""
        self._prefix, self._is_used = f"{Path(root)}/", is_used and os.environ.get(OFF) != "off"
        self._file = folder() / f"{_digest(root, kind)}.json"
        self._old: SealedRows | None = None
        self._unread: Iterator[list[Row]] = iter(())
        self._blocks = 0
        """Read already."""
        self._new = WaitingRows()
        self._ahead: dict[str, Row] = {}
        """Read already, and not asked for yet."""
        self._changed: set[str] = set()
        """Files that have a row of another time."""
        self._seen: dict[str, _Stat] = {}
        self._count = 0
        """Rows for the next time."""
        self._is_broken = False
        if self._is_used and self._file.exists():
            try:
                self._old = SealedRows(self._file, width + 4)
                self._unread = self._old.blocks()
            except (OSError, ValueError) as error:
                self._distrust(error)

    @property
    def is_filled(self) -> bool:
        """Whether it has rows."""
        return self._old is not None

    def row(self, path: Path) -> Row | None:
        """The row of an unchanged file; None where there is none."""
        if not self._is_used:
            return None
        name = str(path).removeprefix(self._prefix)
        try:
            found = os.stat(path)
        except (OSError, ValueError):  # absent, or no path at all: whoever reads it says so
            return None
        stat = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        row = self._known(name)
        if row is not None and row[1:4] == stat:
            self._count += 1
            return row[4:]
        if row is not None:
            self._changed.add(name)
        self._seen[name] = stat
        return None

    def keep(self, path: Path, row: Row) -> None:
        """Remember what a file said that `row` was asked for, and that was read since."""
        name = str(path).removeprefix(self._prefix)
        stat = self._seen.pop(name, None)
        # A file that may change again without its times showing it is not remembered.
        if stat is None or max(stat[1:]) + SETTLED >= time.time_ns():
            return
        try:
            self._new.add((name, *stat, *row))
            self._count += 1
        except OSError as error:
            self._is_used = False
            self._lament(error)

    def save(self) -> None:
        """Write what is known of the files asked for, if they are many and anything is new.

        Where that fails, `note` says so: everything works without.
        """
        try:
            if self._is_used and self._count >= LEAST and self._is_other():
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file.parent.chmod(0o700)
                lines = chain(lines_of(self._still_known()), self._new.lines())
                write_atomically(self._file, sealed(lines), private=True)
                _remove_oldest(self._file.parent)
        except OSError as error:
            self._lament(error)
        if self._old is not None:
            self._old.close()
        self._new.close()
        self._ahead, self._seen, self._is_used = {}, {}, False

    def _known(self, name: str) -> Row | None:
        """The row of a file, whenever it was written; each once."""
        while name not in self._ahead:
            rows = self._read_on()
            if not rows:
                return None
            self._ahead.update((row[0], row) for row in rows)
        return self._ahead.pop(name)

    def _read_on(self) -> list[Row]:
        """The next block; nothing where there is none."""
        try:
            rows = next(self._unread, [])
        except (OSError, ValueError, TypeError, RecursionError) as error:
            self._distrust(error)
            return []
        self._blocks += bool(rows)
        return rows

    def _is_other(self) -> bool:
        """Whether what is known now is not what the index says."""
        is_known = not (len(self._new) or self._ahead or self._changed or self._is_broken)
        return not is_known or bool(self._read_on()) or self._is_broken

    def _still_known(self) -> Iterator[Row]:
        """The rows of the index that were asked for and right."""
        blocks = iter(()) if self._old is None else self._old.blocks()
        for rows in islice(blocks, self._blocks):
            for row in rows:
                if row[0] not in self._ahead and row[0] not in self._changed:
                    yield row

    def _distrust(self, error: Exception) -> None:
        self._is_broken = True
        self.note = f"{self._file}: no index that can be read ({error}); it is written anew"

    def _lament(self, error: OSError) -> None:
        self.note = (
            f"no index of {self._prefix} is kept in {self._file.parent} ({error.strerror}): "
            "opening it takes as long next time"
        )


def remembered(
    path: Path,
    index: FolderIndex,
    read: Callable[[Path], T],
    row_of: Callable[[T], Row],
    of_row: Callable[[Row], T],
) -> T:
    """What a file says, as the index has it, or else as it is read now.

    Args:
        path: of the file.
        index: of its folder.
        read: the file.
        row_of: makes a row of what was read.
        of_row: the other way round; TypeError, ValueError or AttributeError where that fails.

    Raises:
        DataError, UsageError: by `read`.
    """
    row = index.row(path)
    if row is not None:
        try:
            return of_row(row)
        except (TypeError, ValueError, AttributeError):
            pass  # an index that somebody wrote into: the file itself says what is right
    found = read(path)
    index.keep(path, row_of(found))
    return found


def folder() -> Path:
    """Folder of all indexes: below `$XDG_CACHE_HOME`, or else `~/.cache`."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = base if base.is_absolute() else Path(os.path.expanduser("~/.cache"))
    return base / "fair-audit-triton" / "index"


def _digest(root: Path, kind: str) -> str:
    said = f"{Path(root).resolve()}\n{kind}\n{code_version()}"
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _remove_oldest(where: Path) -> None:
    """Keep the indexes that were written last."""
    found = sorted(where.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for path in found[:-MOST_INDEXES]:
        path.unlink(missing_ok=True)
