"""history.parquet: one row a number of a run; runs are added whole or not at all, and once."""

import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audit.monitoring.run import Run
from fairness.atomic import PRIVATE, write_atomically
from fairness.errors import DataError
from fairness.outcomes import Row
from fairness.text import one_line

FILE, LOCK = "history.parquet", ".history.lock"
MOST_BYTES = 1 << 30
"""Of a history, on disk and in memory: a small file may claim to unpack into any size."""

OF_RUN = pa.schema(
    [
        ("time", pa.timestamp("us", tz="UTC")),
        ("folder", pa.string()),
        ("report_sha256", pa.string()),
        ("error", pa.string()),
        ("model", pa.string()),
        ("version", pa.string()),
        ("weights_sha256", pa.string()),
        ("description_sha256", pa.string()),
        ("threshold", pa.string()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("split_sha256", pa.string()),
        ("verdict", pa.string()),
        ("confidence", pa.float64()),
        ("seen_before", pa.float64()),
        ("counted", pa.bool_()),
        ("not_counted", pa.string()),
    ]
)
"""What is said of a run (`Run`), the same in all its rows."""
OF_NUMBER = pa.schema(
    [
        ("label", pa.string()),
        ("attribute", pa.string()),
        ("group", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("method", pa.string()),
        ("n", pa.int64()),
        ("n_positive", pa.int64()),
        ("suppressed", pa.string()),
        ("reason", pa.string()),
        ("rank", pa.int64()),
    ]
)
"""What a report says of a number (`Row`), with its rank (`run.py`); null in the one row of a run
that failed."""
SCHEMA = pa.schema(
    [pa.field("run", pa.int64()), *OF_RUN, *OF_NUMBER], {b"fair_audit_history": b"1"}
)
"""`run` counts the runs from 0 on, in the order of time."""


@dataclass(frozen=True)
class History:
    """All runs that were added, in the order of time."""

    folder: Path
    table: Any
    """A pyarrow table of `SCHEMA`."""

    def runs(self) -> list[Run]:
        """Each run once."""
        numbers = self.table["run"].to_pylist()
        first = [i for i, k in enumerate(numbers) if i == 0 or k != numbers[i - 1]]
        lines = self.table.select(OF_RUN.names).take(pa.array(first, pa.int64())).to_pylist()
        return [Run(**line) for line in lines]

    def numbers(self) -> list[dict[str, Any]]:
        """Rows of runs that did not fail: `run` and the columns of `OF_NUMBER`."""
        lines = self.table.select(["run", *OF_NUMBER.names]).to_pylist()
        return [line for line in lines if line["metric"] is not None]

    def added(self, run: Run, rows: Sequence[Row], ranks: Sequence[int | None]) -> "History":
        """The history with a run; without rows it is one that failed."""
        place = sum(one.time <= run.time for one in self.runs())
        lines = [{**asdict(row), "rank": rank} for row, rank in zip(rows, ranks, strict=True)]
        of_run = {**asdict(run), "run": place}
        new = pa.Table.from_pylist(
            [{name: line.get(name) for name in OF_NUMBER.names} | of_run for line in lines or [{}]],
            SCHEMA,
        )
        numbers = [k + (k >= place) for k in self.table["run"].to_pylist()]
        old = self.table.set_column(0, SCHEMA.field("run"), pa.array(numbers, pa.int64()))
        parts = [old.slice(0, (first := sum(k < place for k in numbers))), new, old.slice(first)]
        return History(self.folder, pa.concat_tables(parts).combine_chunks())

    def write(self) -> None:
        """Replace history.parquet; whoever reads it meanwhile has the old one or the new one."""
        content = io.BytesIO()
        pq.write_table(self.table, content, compression="zstd")
        write_atomically(self.folder / FILE, content.getvalue())


def read_history(folder: Path) -> History:
    """The history in a folder; an empty one where there is none.

    Raises:
        DataError: history.parquet is there, but is none of this version; it is left as it is.
    """
    path = folder / FILE
    if not path.exists():
        return History(folder, SCHEMA.empty_table())
    advice = "move it away to begin anew, or restore it"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path}: larger than {MOST_BYTES >> 20} MB, no history; {advice}")
        file = pq.ParquetFile(path)
        if file.metadata.num_rows and not file.schema_arrow.equals(SCHEMA):
            raise DataError(f"{path}: no history of this version; {advice}")
        groups = range(file.metadata.num_row_groups)
        if sum(file.metadata.row_group(k).total_byte_size for k in groups) > MOST_BYTES:
            raise DataError(f"{path}: larger than {MOST_BYTES >> 20} MB, no history; {advice}")
        table = file.read().cast(SCHEMA)
        table.validate(full=True)  # pyarrow takes texts for UTF-8 without a look
        history = History(folder, table.combine_chunks())
        check(history)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: {one_line(error)[:200]}; {advice}") from None
    return history


def check(history: History) -> None:
    """Refuse a table that no history writes.

    Raises:
        ValueError: it is one.
    """
    numbers = history.table["run"].to_pylist()
    steps = [(b or 0) - (a or 0) for a, b in zip([-1, *numbers], numbers, strict=False)]
    if None in numbers or not set(steps[1:]) <= {0, 1} or numbers[:1] not in ([], [0]):
        raise ValueError("its runs are not in order")
    for run in history.runs():
        if run.time is None or run.folder is None or run.counted is None:
            raise ValueError("a run without time or folder")
        if run.confidence is not None and not 0 < run.confidence < 1:
            raise ValueError("a run without a confidence between 0 and 1")
        if run.error is None and (run.model is None or run.confidence is None):
            raise ValueError("a run without a model")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a history inside the block; waits for whoever adds a run meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    descriptor = os.open(folder / LOCK, flags, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # the kernel lets it go however the owner ends
