import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from audit.records.journal import Journal, check_run
from fairness.errors import DataError, UsageError
from fairness.evaluate import Readings
from fairness.tasks.binary import BinaryTask
from fairness.tasks.masks import MaskTask

RUN = {"model": "m version 1", "split_sha256": "ab"}
TASK = BinaryTask(0.5)


def readings(*rows: tuple[int, float]) -> Readings:
    scores = np.array([score for _, score in rows])
    return Readings(tuple(f"s{i}" for i, _ in rows), {"score": scores})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "records"
    folder.mkdir(parents=True)
    return folder / "journal.sqlite"


def test_answers_survive_and_come_back_exactly(path: Path) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record(readings((2, 0.1 + 0.2), (0, 0.5)))
        journal.record(readings((1, 1e-300)))
    with Journal(path, RUN, resume=True) as journal:
        back = journal.readings(TASK)
        assert journal.answered() == {"s0", "s1", "s2"}
        assert len(journal) == 3
    assert back.ids == ("s0", "s1", "s2")
    assert back.values["score"].tolist() == [0.5, 1e-300, 0.1 + 0.2]


def test_undefined_scores_of_masks_come_back_undefined(path: Path) -> None:
    task = MaskTask(distances=False)
    values = {name: np.array([0.5, np.nan]) for name in task.value_names}
    with Journal(path, RUN, resume=False) as journal:
        journal.record(Readings(("a", "b"), values))
        back = journal.readings(task)
    for name in task.value_names:
        np.testing.assert_array_equal(back.values[name], values[name])


def test_rows_are_the_json_that_the_library_writes(path: Path) -> None:
    values = {'a "%s" \\ b': np.array([0.1 + 0.2, 1e-300]), "c": np.array([1.0, -0.0])}
    undefined = {"a": np.array([np.nan, 0.5]), "b": np.array([1.0, np.inf])}
    with Journal(path, RUN, resume=False) as journal:
        journal.record(Readings(("x", "y"), values))
        journal.record(Readings(("u", "v"), undefined))
    with closing(sqlite3.connect(path)) as database:
        found = dict(database.execute('SELECT id, "values" FROM answers'))
    for ids, columns in (("xy", values), ("uv", undefined)):
        for i, id_ in enumerate(ids):
            row = {name: column.tolist()[i] for name, column in columns.items()}
            assert found[id_] == json.dumps(row)


def test_a_repeated_answer_replaces_and_never_doubles(path: Path) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record(readings((0, 0.1)))
        journal.record(readings((0, 0.9), (1, 0.5)))
        back = journal.readings(TASK)
    assert (back.ids, back.values["score"].tolist()) == (("s0", "s1"), [0.9, 0.5])


def test_an_existing_run_is_not_overwritten(path: Path) -> None:
    Journal(path, RUN, resume=False).__exit__()
    with pytest.raises(UsageError, match="already holds a run.*--resume"):
        Journal(path, RUN, resume=False)


def test_another_model_or_split_cannot_be_resumed(path: Path) -> None:
    Journal(path, RUN, resume=False).__exit__()
    with pytest.raises(UsageError, match="split_sha256 was ab, now it is cd.*--out"):
        Journal(path, RUN | {"split_sha256": "cd"}, resume=True)


def test_the_check_changes_nothing(path: Path) -> None:
    check_run(path, RUN, resume=True)
    assert not path.exists()
    Journal(path, RUN, resume=False).__exit__()
    before = path.read_bytes()
    check_run(path, RUN, resume=True)
    assert path.read_bytes() == before


def test_a_file_that_is_no_journal_is_named(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(DataError, match=r"journal\.sqlite: .*not a readable journal; move it away"):
        Journal(path, RUN, resume=True)


def test_the_journal_holds_ids_and_values_and_nothing_else(path: Path) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record(readings((0, 0.25)))
    with closing(sqlite3.connect(path)) as database:
        columns = [c[1] for c in database.execute("PRAGMA table_info(answers)")]
        rows = list(database.execute("SELECT * FROM answers"))
    assert columns == ["id", "values"]
    assert rows == [("s0", json.dumps({"score": 0.25}))]


def test_a_journal_with_other_columns_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE run (key TEXT, value TEXT)")
        database.execute("CREATE TABLE answers (id TEXT, patient TEXT, target INTEGER, score REAL)")
    with pytest.raises(DataError, match="not made by this version of fair-audit; move it away"):
        Journal(path, RUN, resume=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"score": 1.5}', "score is 1.5"),
        ('{"score": NaN}', "score is nan"),
        ('{"score": "x"}', "its values are not score"),
        ('{"rim_dice": 0.5}', "its values are not score"),
        ("[]", "its values are not score"),
        ('["score"]', "its values are not score"),
        ('{"score": null}', "its values are not score"),
        ('{"score": "0.5"}', "its values are not score"),
        ('{"score": true}', "its values are not score"),
        ('{"score": [0.5]}', "its values are not score"),
        ('{"score": 1e999}', "score is inf"),
        (f'{{"score": 1{"0" * 400}}}', "its values are not score"),
        (f'{{"score": 1{"0" * 5000}}}', "its values are not score"),
        ("[" * 100_000, "its values are not score"),
        (b"\xff", "its values are not score"),
        ("{", "its values are not score"),
        ("3", "its values are not score"),
    ],
)
def test_a_damaged_row_is_named(path: Path, text: str | bytes, message: str) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record(readings((0, 0.5), (1, 0.5)))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE answers SET \"values\" = ? WHERE id = 's1'", (text,))
    with (
        Journal(path, RUN, resume=True) as journal,
        pytest.raises(DataError, match=f"row of sample 's1': {message}.*damaged"),
    ):
        journal.readings(TASK)
