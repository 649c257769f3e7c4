"""A journal that was damaged, taken away, or is full: one line, and never a wrong answer."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from audit.records.journal import Journal, check_run
from fairness.errors import DataError
from fairness.evaluate import Readings
from fairness.tasks.binary import BinaryTask

TASK = BinaryTask(0.5)
RUN = {"model": "m version 1", "split_sha256": "ab"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "records").mkdir()
    path = tmp_path / "records" / "journal.sqlite"
    with Journal(path, RUN, resume=False) as journal:
        ids = tuple(f"s{i:03}" for i in range(200))
        journal.record(Readings(ids, {"score": np.linspace(0, 1, 200)}))
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            database.execute(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM run", "does not say what was asked"),
        ("DELETE FROM run WHERE key = 'model'", "does not say its model"),
        ("UPDATE run SET value = x'ff' WHERE key = 'model'", "does not say what was asked"),
        ("UPDATE run SET key = NULL WHERE key = 'model'", "does not say what was asked"),
        ("UPDATE run SET value = CAST(x'ff41' AS TEXT)", "Could not decode to UTF-8"),
        ("DROP TABLE answers", "not made by this version"),
        ("ALTER TABLE answers ADD COLUMN patient TEXT", "not made by this version"),
        ("CREATE TABLE more (x)", "not made by this version"),
        ("CREATE VIEW v AS SELECT 1", "not made by this version"),
        (
            "CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM answers; END",
            "not made by this version",
        ),
        ("UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'run'", "malformed"),
        ("UPDATE sqlite_master SET rootpage = 999 WHERE name = 'run'", "move it away"),
        ("UPDATE answers SET id = x'ff' WHERE id = 's001'", "the id is no text"),
        ("UPDATE answers SET id = NULL WHERE id = 's001'", "the id is no text"),
        ("UPDATE answers SET id = CAST(x'ff' AS TEXT) WHERE id = 's001'", "Could not decode"),
    ],
)
def test_a_changed_journal_is_refused_in_one_line(path: Path, statement: str, message: str) -> None:
    change(path, statement)
    with pytest.raises(DataError, match=message) as caught, Journal(path, RUN, resume=True) as one:
        one.answered()
    assert "journal.sqlite" in str(caught.value)
    assert "move it away" in str(caught.value)


@pytest.mark.parametrize("seed", range(40))
def test_a_journal_damaged_anywhere_is_refused_or_answers_what_was_recorded(
    path: Path, seed: int
) -> None:
    """SQLite keeps no checksums: a changed digit of a number cannot be seen, all else is."""
    rng = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    start = int(rng.integers(len(content)))
    kind = seed % 4
    if kind == 0:
        content[start : start + 64] = rng.bytes(64)
    elif kind == 1:
        content[start : start + 512] = bytes(512)
    elif kind == 2:
        del content[start:]
    else:
        content[start] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)
    found: set[str] = set()
    message = ""
    try:
        with Journal(path, RUN, resume=True) as journal:
            found = set(journal.readings(TASK).ids) | journal.answered()
    except DataError as error:
        message = str(error)
    assert (len(found) == 200) != ("journal.sqlite" in message) or kind == 2
    assert "\n" not in message


def test_a_journal_that_may_not_be_written_to_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *_, **__: connect(f"{path.as_uri()}?mode=ro", uri=True)
    )
    with pytest.raises(DataError, match="readonly database; give yourself the right"):
        Journal(path, RUN, resume=True)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    with pytest.raises(DataError, match="journal.sqlite is no file; move it away"):
        check_run(tmp_path / "journal.sqlite", RUN, resume=True)


def test_a_full_disk_is_no_damage(path: Path) -> None:
    many = Readings(tuple(map(str, range(20_000))), {"score": np.zeros(20_000)})
    with Journal(path, RUN, resume=True) as journal:
        journal._db.execute("PRAGMA max_page_count = 20")
        with pytest.raises(DataError, match="full; free some space, .*--resume"):
            journal.record(many)
        assert len(journal) == 200  # a batch is recorded whole or not at all


def test_a_second_client_waits_for_the_first(path: Path) -> None:
    with Journal(path, RUN, resume=True) as one, Journal(path, RUN, resume=True) as other:
        other._db.execute("PRAGMA busy_timeout = 1")
        one._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(DataError, match="another fair-audit is writing to it"):
            other.record(Readings(("s",), {"score": np.zeros(1)}))


def test_an_id_that_is_no_text_is_named_as_a_fault(path: Path) -> None:
    with Journal(path, RUN, resume=True) as journal, pytest.raises(DataError, match="surrogates"):
        journal.record(Readings(("\udcff",), {"score": np.zeros(1)}))


def test_all_its_files_are_the_user_s_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal(tmp_path / "journal.sqlite", RUN, resume=False) as journal:
            journal.record(Readings(("s",), {"score": np.zeros(1)}))
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(
        ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"), 0o600
    )
