"""The journal of one run: every answered sample is on disk before it counts.

SQLite in WAL mode: a killed client loses nothing that was answered, `--resume` continues, no row
is doubled, and a report can be recomputed without a server. It holds ids and the numbers read from
answers; labels, groups and patients are the split's, images and masks nobody's.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Self

import numpy as np

from fairness.errors import DataError, UsageError
from fairness.evaluate import Readings
from fairness.tasks.task import Task

_TABLES = """
CREATE TABLE IF NOT EXISTS run (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (id TEXT PRIMARY KEY, "values" TEXT NOT NULL);
"""


def check_run(path: Path, identity: Mapping[str, str], *, resume: bool) -> None:
    """Refuse a journal that another run has begun; changes nothing.

    Args:
        path: of the journal, which need not exist.
        identity: everything that must be equal for answers to be comparable (model, split, ...).
        resume: whether the run there is to be continued.

    Raises:
        UsageError: `path` exists and `resume` is False, or it belongs to another run.
        DataError: the file is no journal.
    """
    if not path.exists():
        return
    if not resume:
        raise UsageError(
            f"{path.parent.parent} already holds a run; continue it with --resume "
            "or choose another --out"
        )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(answers)")]
            known = dict(database.execute("SELECT key, value FROM run")) if columns else {}
    except sqlite3.DatabaseError as error:
        raise DataError(f"{path} is not a readable journal ({error}); move it away") from None
    if columns not in ([], ["id", "values"]):  # empty: killed before the tables were made
        raise DataError(
            f"{path} has the columns of another version of fair-audit; move it away, or choose "
            "another --out"
        )
    for key, value in identity.items():
        if known.get(key, value) != value:
            raise UsageError(
                f"cannot resume {path.parent.parent}: its {key} was {known[key]}, now it is "
                f"{value}; choose another --out"
            )


class Journal:
    """Answers of one run, keyed by sample id; a context manager."""

    def __init__(self, path: Path, identity: Mapping[str, str], *, resume: bool) -> None:
        """Open or create the journal at `path`; arguments and errors as `check_run`."""
        check_run(path, identity, resume=resume)
        self.path = path
        try:
            self._db = sqlite3.connect(path)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_TABLES)
            with self._db:
                self._db.executemany("INSERT OR IGNORE INTO run VALUES (?, ?)", identity.items())
        except sqlite3.DatabaseError as error:
            raise DataError(f"{path} is not a readable journal ({error}); move it away") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT COUNT(*) FROM answers").fetchone()
        return int(count)

    def record(self, readings: Readings) -> None:
        """Write the readings of one batch in one transaction; a repeated one replaces the old."""
        names = tuple(readings.values)
        rows = zip(*(readings.values[name].tolist() for name in names), strict=True)
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO answers VALUES (?, ?)",
                (
                    (id_, json.dumps(dict(zip(names, row, strict=True))))
                    for id_, row in zip(readings.ids, rows, strict=True)
                ),
            )

    def answered(self) -> set[str]:
        """Ids of every sample that has been answered."""
        return {id_ for (id_,) in self._db.execute("SELECT id FROM answers")}

    def readings(self, task: Task) -> Readings:
        """Everything that was recorded, in the order of the ids, checked again.

        Raises:
            DataError: a row holds other numbers than the task reads, or impossible ones.
        """
        ids, rows = [], []
        for id_, text in self._db.execute('SELECT id, "values" FROM answers ORDER BY id'):
            ids.append(id_)
            rows.append(self._row(id_, text, task.value_names))
        columns = np.array(rows, dtype=np.float64).reshape(len(ids), len(task.value_names)).T
        values = dict(zip(task.value_names, columns, strict=True))
        for name, column in values.items():
            possible = task.is_possible(name, column)
            if not possible.all():
                i = int(possible.argmin())
                raise self._fault(ids[i], f"{name} is {column[i]}")
        return Readings(tuple(ids), values)

    def _row(self, id_: str, text: str, names: tuple[str, ...]) -> list[float]:
        """The numbers of one row in the order of `names`."""
        try:
            found = json.loads(text)
            if set(found) != set(names):
                raise ValueError("other names")
            return [float(found[name]) for name in names]
        except (ValueError, TypeError):
            raise self._fault(id_, f"its values are not {', '.join(names)}") from None

    def _fault(self, id_: str, reason: str) -> DataError:
        return DataError(
            f"{self.path}: row of sample '{id_}': {reason}; the journal is damaged: move it away "
            "and run again"
        )
