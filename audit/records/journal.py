"""The journal of one run: every answered sample is on disk before it counts.

SQLite in WAL mode: a killed client loses nothing that was answered, `--resume` continues, no row
is doubled, and a report can be recomputed without a server. It holds scores, never masks or images.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from fairness.errors import DataError, UsageError
from fairness.evaluate import Scored
from fairness.samples import Batch

_TABLES = """
CREATE TABLE IF NOT EXISTS run (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
  id TEXT PRIMARY KEY, patient TEXT NOT NULL, target INTEGER, "values" TEXT NOT NULL,
  attributes TEXT NOT NULL, covariates TEXT NOT NULL);
"""


class Journal:
    """Answers of one run, keyed by sample id; a context manager."""

    def __init__(self, path: Path, identity: Mapping[str, str], *, resume: bool) -> None:
        """Open or create the journal at `path`.

        `identity` is everything that must be equal for answers to be comparable (model, split,
        ...); a resumed run must state the same.

        Raises:
            UsageError: `path` exists and `resume` is False, or it belongs to another run.
            DataError: the file is no journal.
        """
        if path.exists() and not resume:
            raise UsageError(
                f"{path.parent.parent} already holds a run; continue it with --resume "
                "or choose another --out"
            )
        self.path = path
        try:
            self._db = sqlite3.connect(path)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_TABLES)
            known = dict(self._db.execute("SELECT key, value FROM run"))
            self._db.execute('SELECT answers."values" FROM answers LIMIT 0')  # earlier ones lack it
        except sqlite3.DatabaseError as error:
            raise DataError(f"{path} is not a readable journal ({error}); move it away") from None
        for key, value in identity.items():
            if known.setdefault(key, value) != value:
                raise UsageError(
                    f"cannot resume {path.parent.parent}: its {key} was {known[key]}, now it is "
                    f"{value}; choose another --out"
                )
        with self._db:
            self._db.executemany("INSERT OR IGNORE INTO run VALUES (?, ?)", identity.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def __len__(self) -> int:
        (count,) = self._db.execute("SELECT COUNT(*) FROM answers").fetchone()
        return int(count)

    def record(self, rows: Iterable[Scored]) -> None:
        """Write the answers of one batch in one transaction; a repeated answer replaces the old."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (
                        row.id,
                        row.patient,
                        row.target,
                        json.dumps(dict(row.values)),
                        json.dumps(dict(row.attributes)),
                        json.dumps(dict(row.covariates)),
                    )
                    for row in rows
                ),
            )

    def unanswered(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches that lack an answer for any of their samples, whole.

        Whole batches, because a model may answer differently for another cut in the last digits.
        """
        answered = {row[0] for row in self._db.execute("SELECT id FROM answers")}
        for batch in batches:
            if not answered.issuperset(batch.ids):
                yield batch

    def rows(self) -> Iterator[Scored]:
        """Every answer, in the order of the ids."""
        for id_, patient, target, *texts in self._db.execute(
            'SELECT id, patient, target, "values", attributes, covariates FROM answers ORDER BY id'
        ):
            yield Scored(id_, patient, target, *(json.loads(text) for text in texts))
