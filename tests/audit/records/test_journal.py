import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from audit.records.journal import Journal
from fairness.errors import DataError, UsageError
from fairness.evaluate import Scored
from fairness.samples import Batch

RUN = {"model": "m version 1", "split_sha256": "ab"}


def row(i: int, score: float = 0.5) -> Scored:
    return Scored(
        f"s{i}", f"p{i}", i % 2, {"score": score}, {"race": -1}, {"age": float("nan"), "md": 1.5}
    )


def batch(*numbers: int) -> Batch:
    n = len(numbers)
    return Batch(
        ids=tuple(f"s{i}" for i in numbers),
        images=np.zeros((n, 2, 2), np.uint8),
        targets=np.zeros(n, np.int64),
        attributes={},
        patients=("p",) * n,
        covariates={},
        texts=(None,) * n,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "records"
    folder.mkdir(parents=True)
    return folder / "journal.sqlite"


def test_answers_survive_and_come_back_exactly(path: Path) -> None:
    rows = [row(2, 0.1 + 0.2), row(0), row(1)]
    with Journal(path, RUN, resume=False) as journal:
        journal.record(rows)
    with Journal(path, RUN, resume=True) as journal:
        back = list(journal.rows())
        assert len(journal) == 3
    assert [r.id for r in back] == ["s0", "s1", "s2"]
    assert back[2].values == {"score": 0.1 + 0.2}
    assert back[0].attributes == {"race": -1}
    assert np.isnan(back[0].covariates["age"])
    assert back[0].covariates["md"] == 1.5


def test_a_repeated_answer_replaces_and_never_doubles(path: Path) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record([row(0, 0.1)])
        journal.record([row(0, 0.9), row(1)])
        assert [(r.id, r.values["score"]) for r in journal.rows()] == [("s0", 0.9), ("s1", 0.5)]


def test_a_batch_is_resent_whole_when_any_of_it_lacks_an_answer(path: Path) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record([row(0), row(1), row(2)])
        left = list(journal.unanswered([batch(0, 1), batch(2, 3), batch(4)]))
    assert [b.ids for b in left] == [("s2", "s3"), ("s4",)]


def test_an_existing_run_is_not_overwritten(path: Path) -> None:
    Journal(path, RUN, resume=False).__exit__()
    with pytest.raises(UsageError, match="already holds a run.*--resume"):
        Journal(path, RUN, resume=False)


def test_another_model_or_split_cannot_be_resumed(path: Path) -> None:
    Journal(path, RUN, resume=False).__exit__()
    with pytest.raises(UsageError, match="split_sha256 was ab, now it is cd.*--out"):
        Journal(path, RUN | {"split_sha256": "cd"}, resume=True)


def test_a_file_that_is_no_journal_is_named(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(DataError, match=r"journal\.sqlite is not a readable journal"):
        Journal(path, RUN, resume=True)


def test_the_journal_holds_scores_and_no_images(path: Path) -> None:
    with Journal(path, RUN, resume=False) as journal:
        journal.record([row(0)])
    columns = [c[1] for c in sqlite3.connect(path).execute("PRAGMA table_info(answers)")]
    assert columns == ["id", "patient", "target", "values", "attributes", "covariates"]


def test_a_journal_with_other_columns_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE answers (id TEXT, patient TEXT, target INTEGER, score REAL)")
    with pytest.raises(DataError, match=r"no such column: answers\.values.*move it away"):
        Journal(path, RUN, resume=True)
