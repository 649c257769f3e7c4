"""What the files of a folder said when they were last opened: they need not be opened again.

One JSON file a folder and kind of reading, in the user's cache folder: data folders are often
read-only. It holds ids and groups of patients, so it is nobody else's to read. A file counts as
unchanged while its size and both of its times are; whatever is unusual about the index, the files
are opened as if there were none, and it is written anew.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, TypeAlias

from fairness.atomic import write_atomically
from fairness.datasets.code_version import code_version

LEAST = 1000
"""Files from which on an index is kept: fewer are opened in a fraction of a second."""

MOST_BYTES = 2**31
"""Of an index that is read, enough for millions of files."""

MOST_INDEXES = 50
"""That are kept, those of longest ago leaving first."""

SETTLED = 2_000_000_000
"""Nanoseconds after which a change of a file changes its times in every file system."""

OFF = "FAIR_AUDIT_INDEX"
"""Environment variable that switches indexes off where it is `off`."""

Row: TypeAlias = tuple[Any, ...]
"""What JSON holds, of one file."""

_Stat: TypeAlias = tuple[int, int, int]
"""Size in bytes, times of change of the content and of anything, in nanoseconds."""


class FolderIndex:
    """Rows by the names of files; `row` looks one up, `keep` and `save` are for the next time."""

    def __init__(self, root: Path, kind: str, width: int, *, is_used: bool = True) -> None:
        """Read the index of a folder, where there is one.

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
        self._known: dict[str, Row] = {}
        self._kept: dict[str, tuple[_Stat, Row]] = {}
        self._seen: dict[str, _Stat] = {}
        self._is_new = False
        if self._is_used and self._file.exists():
            self._read(width)

    @property
    def is_filled(self) -> bool:
        """Whether it has rows."""
        return bool(self._known)

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
        row = self._known.get(name)
        if row is not None and row[:3] == stat:
            self._kept[name] = stat, row[3:]
            return row[3:]
        self._seen[name] = stat
        return None

    def keep(self, path: Path, row: Row) -> None:
        """Remember what a file said that `row` was asked for, and that was read since."""
        name = str(path).removeprefix(self._prefix)
        stat = self._seen.pop(name, None)
        # A file that may change again without its times showing it is not remembered.
        if stat is not None and max(stat[1:]) + SETTLED < time.time_ns():
            self._kept[name] = stat, row
            self._is_new = True

    def save(self) -> None:
        """Write what is known of the files asked for, if they are many and anything is new.

        Where that fails, `note` says so: everything works without.
        """
        is_same = not self._is_new and len(self._kept) == len(self._known)
        if not self._is_used or is_same or len(self._kept) < LEAST:
            self._known, self._kept = {}, {}
            return
        self._known = {}
        rows = ((name, *stat, *row) for name, (stat, row) in self._kept.items())
        body = json.dumps([list(column) for column in zip(*rows, strict=True)]).encode()
        self._kept = {}
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.parent.chmod(0o700)
            write_atomically(self._file, _seal(body) + body, private=True)
            _remove_oldest(self._file.parent)
        except OSError as error:
            self.note = (
                f"no index of {self._prefix} is kept in {self._file.parent} ({error.strerror}): "
                "opening it takes as long next time"
            )

    def _read(self, width: int) -> None:
        try:
            if self._file.stat().st_size > MOST_BYTES:
                raise ValueError("too large")
            content = self._file.read_bytes()
            seal, body = content[: len(_seal(b""))], content[len(_seal(b"")) :]
            if seal != _seal(body):
                raise ValueError("another checksum")
            columns = json.loads(body)
            names, *columns = columns if len(columns) == width + 4 else ([],)
            sound = all(set(map(type, column)) <= {int} for column in columns[:3])
            if not sound or not set(map(type, names)) <= {str} or not names:
                raise ValueError("other columns")
            self._known = dict(zip(names, zip(*columns, strict=True), strict=True))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            self.note = f"{self._file}: no index that can be read ({error}); it is written anew"


def folder() -> Path:
    """Folder of all indexes: below `$XDG_CACHE_HOME`, or else `~/.cache`."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = base if base.is_absolute() else Path(os.path.expanduser("~/.cache"))
    return base / "fair-audit-triton" / "index"


def _seal(body: bytes) -> bytes:
    """First line of an index: the checksum of the rest."""
    return b"fair-audit index " + hashlib.sha256(body).hexdigest().encode() + b"\n"


def _digest(root: Path, kind: str) -> str:
    said = f"{Path(root).resolve()}\n{kind}\n{code_version()}"
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _remove_oldest(where: Path) -> None:
    """Keep the indexes that were written last."""
    found = sorted(where.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for path in found[:-MOST_INDEXES]:
        path.unlink(missing_ok=True)
