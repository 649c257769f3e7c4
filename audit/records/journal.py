"""The journal of one run: every answered sample is on disk before it counts.

SQLite in WAL mode: a killed client loses nothing that was answered, `--resume` continues, no row
is doubled, and a report can be recomputed without a server. A power cut may lose the answers of the
last seconds, which are then asked again, and damages nothing: the disk is waited for only when the
log is merged into the file (`synchronous=NORMAL`). It holds ids and the numbers read from answers;
labels, groups and patients are the split's, images and masks nobody's.
"""

import json
import sqlite3
from array import array
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np

from fairness.arrays import FloatArray
from fairness.atomic import PRIVATE
from fairness.datasets.column import Texts
from fairness.errors import DataError, UsageError
from fairness.evaluate import Readings
from fairness.tasks.task import Task

_TABLES = (
    "CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    'CREATE TABLE answers (id TEXT PRIMARY KEY, "values" TEXT NOT NULL)',
)
"""As SQLite keeps them: a file with anything else in it is no journal of this version."""

_ROWS = 400
"""Of a statement: SQLite takes at least 999 values."""

_AWAY = "move it away and run again, or choose another --out"


def check_run(path: Path, identity: Mapping[str, str], *, resume: bool) -> None:
    """Refuse a journal that another run has begun, or a damaged one; changes nothing.

    Args:
        path: of the journal, which need not exist.
        identity: everything that must be equal for answers to be comparable (model, split, ...).
        resume: whether the run there is to be continued.

    Raises:
        UsageError: `path` exists and `resume` is False, or it belongs to another run.
        DataError: the file is no journal, is damaged, or cannot be read.
    """
    if not path.exists():
        return
    if not resume:
        raise UsageError(
            f"{path.parent.parent} already holds a run; continue it with --resume "
            "or choose another --out"
        )
    if not path.is_file():
        raise DataError(f"{path} is no file; {_AWAY}")
    with (
        _faults_of(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database,
    ):
        known = _checked(path, database)
    for key, value in identity.items():
        if known.get(key, value) != value:
            raise UsageError(
                f"cannot resume {path.parent.parent}: its {key} was {known[key]}, now it is "
                f"{value}; choose another --out"
            )
    if strange := sorted(known.keys() - identity.keys()):
        raise UsageError(
            f"cannot resume {path.parent.parent}: its {strange[0]} was {known[strange[0]]}, now it "
            "has none; choose another --out"
        )
    if known and (lacking := sorted(identity.keys() - known.keys())):
        raise DataError(f"{path} does not say its {', '.join(lacking)}; {_AWAY}")


def _checked(path: Path, database: sqlite3.Connection) -> dict[str, str]:
    """What the run was begun with; empty where it was killed before it had said so."""
    found = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master") if sql}
    if not found:
        return {}
    if found != set(_TABLES):
        raise DataError(f"{path} was not made by this version of fair-audit; {_AWAY}")
    (fault,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if fault != "ok":
        raise DataError(f"{path} is damaged ({fault}); {_AWAY}")
    known = dict(database.execute("SELECT key, value FROM run"))
    texts = all(isinstance(text, str) for pair in known.items() for text in pair)
    (answers,) = database.execute("SELECT COUNT(*) FROM answers").fetchone()
    if not texts or (answers and not known):
        raise DataError(f"{path} does not say what was asked; {_AWAY}")
    return known


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """SQLite's errors about the journal at `path` as one line that says what to do.

    Raises:
        DataError: for any of them.
    """
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError, MemoryError) as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
            todo = "give yourself the right to write to it and its folder, or choose another --out"
        elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            todo = "another fair-audit is writing to it; wait for its end"
        elif name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            todo = "free some space, or mend the disk, and go on with the same command and --resume"
        else:
            todo = f"it is not a readable journal; {_AWAY}"
        raise DataError(f"{path}: {error}; {todo}") from None


def _texts(values: Mapping[str, FloatArray]) -> list[str]:
    """The numbers (n,) by name as n texts of JSON."""
    rows = zip(*(column.tolist() for column in values.values()), strict=True)
    if all(np.isfinite(column).all() for column in values.values()):
        # The same text as that of `json.dumps`, which takes four times as long.
        form = _form(tuple(values))
        return [form % row for row in rows]
    return [json.dumps(dict(zip(values, row, strict=True))) for row in rows]


@lru_cache(maxsize=16)
def _form(names: tuple[str, ...]) -> str:
    """Of the text of a row, with a place for each number."""
    return "{" + ", ".join(f"{json.dumps(n).replace('%', '%%')}: %r" for n in names) + "}"


@lru_cache(maxsize=16)
def _inserting(rows: int) -> str:
    """The statement that writes so many rows."""
    return f"INSERT OR REPLACE INTO answers VALUES {', '.join(['(?, ?)'] * rows)}"


class Journal:
    """Answers of one run, keyed by sample id; a context manager.

    Raises:
        DataError: by every method, where the file is damaged or cannot be written to.
    """

    def __init__(self, path: Path, identity: Mapping[str, str], *, resume: bool) -> None:
        """Open or create the journal at `path`; arguments and errors as `check_run`."""
        check_run(path, identity, resume=resume)
        self.path = path
        path.touch(mode=PRIVATE)
        with _faults_of(path):
            path.chmod(PRIVATE)  # SQLite gives its other files the same mode
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            # A commit is safe from kills without waiting for the disk; see above on power cuts.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute("PRAGMA cache_size=-512")  # KiB of pages in memory
            with self._db:  # all or nothing, even if it is killed here
                self._db.execute("BEGIN IMMEDIATE")
                for table in _TABLES:
                    self._db.execute(table.replace("TABLE", "TABLE IF NOT EXISTS", 1))
                self._db.executemany("INSERT OR IGNORE INTO run VALUES (?, ?)", identity.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _faults_of(self.path):
            self._db.close()

    def __len__(self) -> int:
        with _faults_of(self.path):
            (count,) = self._db.execute("SELECT COUNT(*) FROM answers").fetchone()
        return int(count)

    def record(self, readings: Readings) -> None:
        """Write the readings of one batch, all or none of them; a repeated one replaces the old.

        Many rows go in one statement: after each statement Python waits for other threads.
        """
        rows = list(zip(readings.ids, _texts(readings.values), strict=True))
        with _faults_of(self.path), self._db:
            if len(rows) > _ROWS:
                self._db.execute("BEGIN IMMEDIATE")  # one statement is a transaction by itself
            for start in range(0, len(rows), _ROWS):
                part = rows[start : start + _ROWS]
                self._db.execute(_inserting(len(part)), tuple(chain.from_iterable(part)))

    def answered(self) -> set[str]:
        """Ids of every sample that has been answered."""
        with _faults_of(self.path):
            return {self._text(id_) for (id_,) in self._db.execute("SELECT id FROM answers")}

    def readings(self, task: Task) -> Readings:
        """Everything that was recorded, in the order of the ids, checked again.

        Raises:
            DataError: a row holds other numbers than the task reads, or impossible ones.
        """
        texts, rows = Texts(), array("d")  # little memory, however many there are
        with _faults_of(self.path):
            for id_, text in self._db.execute('SELECT id, "values" FROM answers ORDER BY id'):
                texts.add(self._text(id_))
                rows.extend(self._row(id_, text, task.value_names))
        ids = texts.column()
        columns = np.frombuffer(rows).reshape(len(ids), len(task.value_names)).T
        values = dict(zip(task.value_names, columns, strict=True))
        for name, column in values.items():
            possible = task.is_possible(name, column)
            if not possible.all():
                i = int(possible.argmin())
                raise self._fault(ids[i], f"{name} is {column[i]}")
        return Readings(ids, values)

    def _text(self, id_: object) -> str:
        if not isinstance(id_, str):
            raise self._fault(id_, "the id is no text")
        return id_

    def _row(self, id_: str, text: object, names: tuple[str, ...]) -> list[float]:
        """The numbers of one row in the order of `names`."""
        try:
            found = json.loads(text) if isinstance(text, str) else None
            if not isinstance(found, dict) or found.keys() != set(names):
                raise ValueError("other names")
            if not all(type(value) in (int, float) for value in found.values()):
                raise ValueError("other types")
            return [float(found[name]) for name in names]
        except (ValueError, OverflowError, RecursionError):
            raise self._fault(id_, f"its values are not {', '.join(names)}") from None

    def _fault(self, id_: object, reason: str) -> DataError:
        return DataError(f"{self.path}: row of sample '{id_}': {reason}; it is damaged; {_AWAY}")
