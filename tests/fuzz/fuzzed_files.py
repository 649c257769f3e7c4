"""Targets of the fuzz: files of predictions, journals, and whole commands on them."""

import contextlib
import csv
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from odd_inputs import (
    ODD_NUMBERS,
    ODD_TEXTS,
    ODD_VALUES,
    Rng,
    damaged_bytes,
    pick,
)

from audit.records.columns import Columns
from audit.records.journal import Journal
from audit.records.predictions import NAMES_KEY, SPLIT_KEY, read_predictions
from fairness.evaluate import Readings
from fairness.tasks.binary import BinaryTask

RACES, GENDERS = ("Asian", "Black", "White", ""), ("Female", "Male")


def people(n: int = 80) -> dict[str, list[Any]]:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, n)
    return {
        "id": [f"s{i}" for i in range(n)],
        "patient": [f"p{i}" for i in range(n)],
        "target": y.tolist(),
        "score": np.clip(y * 0.3 + rng.random(n) * 0.7, 0, 1).tolist(),
        "race": rng.choice(RACES, n).tolist(),
        "gender": rng.choice(GENDERS, n).tolist(),
        "age": rng.integers(20, 90, n).tolist(),
    }


def odd_csv(rng: Rng, path: Path) -> None:
    columns = people()
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    if rng.random() < 0.7:
        for _ in range(int(rng.choice([1, 3, 200]))):
            row = pick(rng, rows[: int(rng.choice([1, len(rows)]))])
            if row:
                row[int(rng.integers(len(row)))] = pick(rng, ODD_VALUES)
    if rng.random() < 0.3:
        rows.insert(int(rng.integers(len(rows))), pick(rng, ([], [""], ["a"] * 20, ["sep=;"])))
    text = io.StringIO()
    csv.writer(text, delimiter=pick(rng, ",,,;\t|")).writerows(rows)
    content = text.getvalue().encode(
        pick(rng, ("utf-8", "utf-8", "utf-16", "utf-8-sig")), errors="replace"
    )
    path.write_bytes(damaged_bytes(rng, content) if rng.random() < 0.4 else content)


def odd_column(rng: Rng, values: list[Any]) -> Any:
    texts = [str(value) for value in values]
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: pa.array([None] * len(values)),
        lambda: pa.array(texts),
        lambda: pa.array(texts).dictionary_encode(),
        lambda: pa.array([text.encode() + b"\xff" for text in texts]),
        lambda: pa.array([[text] for text in texts]),
        lambda: pa.array([{"a": text} for text in texts]),
        lambda: pa.array(range(len(values)), pa.timestamp("s")),
        lambda: pa.array(range(len(values)), pa.duration("ns")),
        lambda: pa.array([i % 2 for i in range(len(values))], pa.decimal128(38, 10)),
        lambda: pa.array(np.arange(len(values)), pa.uint64()),
        lambda: pa.array(np.full(len(values), pick(rng, ODD_NUMBERS[:12]), np.float64)),
        lambda: pa.array([pick(rng, ODD_TEXTS).replace("\ud800", "") for _ in values]),
        lambda: pa.array(np.arange(len(values)) % 2 == 0),
        lambda: pa.array(np.arange(len(values)).astype(np.float16)),
        lambda: pa.array([*values[:-1], None]),
    )
    return pick(rng, kinds)()


def odd_parquet(rng: Rng, path: Path) -> None:
    columns: dict[str, Any] = dict(people())
    for _ in range(int(rng.integers(0, 3))):
        name = pick(rng, list(columns))
        columns[name] = odd_column(rng, people()[name])
    if rng.random() < 0.2:
        columns[pick(rng, ODD_TEXTS).replace("\ud800", "")] = columns.pop(pick(rng, list(columns)))
    names = b'{"model": "m", "dataset": "d", "split": "test"}'
    metadata = {SPLIT_KEY: b"ab" * 32, NAMES_KEY: names}
    if rng.random() < 0.3:
        key = pick(rng, list(metadata))
        metadata[key] = damaged_bytes(rng, metadata[key])
    table = pa.table(columns).replace_schema_metadata(metadata)
    content = io.BytesIO()
    pq.write_table(table, content)
    data = content.getvalue()
    path.write_bytes(damaged_bytes(rng, data) if rng.random() < 0.4 else data)


def csv_of_predictions(rng: Rng, folder: Path) -> None:
    odd_csv(rng, folder / "scores.csv")
    read_predictions(folder / "scores.csv", Columns(attributes=("race", "gender")))


def parquet_of_predictions(rng: Rng, folder: Path) -> None:
    odd_parquet(rng, folder / "scores.parquet")
    read_predictions(folder / "scores.parquet", Columns(attributes=("race", "gender")))


CHANGES = (
    "DELETE FROM run", "UPDATE run SET value = NULL", "UPDATE run SET value = x'ff'",
    "UPDATE run SET key = 5", "DROP TABLE answers", "ALTER TABLE answers ADD COLUMN more",
    "UPDATE answers SET id = NULL", "UPDATE answers SET id = x'ff00' WHERE id = 's1'",
    "UPDATE answers SET id = CAST(x'c328' AS TEXT) WHERE id = 's1'", "DELETE FROM answers",
    "UPDATE answers SET \"values\" = ''", "UPDATE answers SET \"values\" = x'00'",
    "UPDATE answers SET \"values\" = '{\"score\": 1e999}'",
    "UPDATE answers SET \"values\" = '{\"score\": null}' WHERE id = 's1'",
    "UPDATE answers SET \"values\" = '[' || \"values\" || ']'",
    "INSERT INTO answers VALUES ('more', zeroblob(100000))", "PRAGMA user_version = 9",
    "UPDATE sqlite_master SET sql = 'x'", "UPDATE sqlite_master SET rootpage = 1",
    "CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM answers; END",
)  # fmt: skip


def journal(rng: Rng, folder: Path) -> None:
    path, about = folder / "journal.sqlite", {"model": "m version 1", "split_sha256": "ab"}
    n = int(rng.choice([0, 3, 500]))
    values = {"score": rng.random(n)}
    with Journal(path, about, resume=False) as good:
        good.record(Readings(tuple(f"s{i}" for i in range(n)), values))
    if rng.random() < 0.5:
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA writable_schema = ON")
            for _ in range(int(rng.integers(1, 3))):
                with contextlib.suppress(sqlite3.Error):
                    database.execute(pick(rng, CHANGES))
    if rng.random() < 0.6:
        path.write_bytes(damaged_bytes(rng, path.read_bytes()))
    for ending in ("-wal", "-shm", "-journal"):
        if rng.random() < 0.1:
            Path(f"{path}{ending}").write_bytes(rng.bytes(2000))
    with Journal(path, about, resume=True) as found:
        found.answered()
        found.record(Readings(("new",), {"score": np.array([0.5])}))
        assert "new" in found.readings(BinaryTask(0.5)).ids
