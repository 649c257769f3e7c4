"""The whole `fair-audit` on a split on disk: journal, checks, rows and report; also the baseline's.

Images and seconds are the `speed` of its own report: from the first file read to the last answer in
the journal. `whole` is the time of the whole command in this process, from parsed flags to report.
The flags of the task become its own; `journal: off` keeps the answers in memory in its place.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq

from audit import cli
from benchmarks.clients.no_journal import NoJournal
from benchmarks.clients.task import Task, check, say


def main() -> None:
    """Run the command on the task in `sys.argv`; print how long it took."""
    task = Task(**json.loads(sys.argv[1]))
    flags = dict(task.flags)
    journal = flags.pop("journal", "on")
    out = Path(tempfile.mkdtemp(prefix="client-"))
    words = ["--endpoint", task.endpoint, "--model", task.model, "--data", task.folder]
    words += [word for pair in flags.items() for word in pair if word]
    try:
        began = time.perf_counter()
        with redirect_stdout(sys.stderr), journals(journal):
            code = cli.run([*words, "--out", str(out / "run")])
        whole = time.perf_counter() - began
        if code != 0:
            raise SystemExit(f"fair-audit {' '.join(words)} ended with {code}")
        scores = pq.read_table(out / "run/records/outcomes.parquet").to_pydict()
        told = json.loads((out / "run/report/report.json").read_text())["provenance"]
    finally:
        shutil.rmtree(out)
    if task.answers:
        rows = sorted(zip(scores["id"], scores["score"], strict=True))
        check(task, as_array([score for _, score in rows]))
    say_of(told, whole)


def say_of(told: dict[str, Any], whole: float) -> None:
    """What the report says of its own speed."""
    speed = told["speed"]
    say(speed["images"], speed["seconds"], whole=whole, delivery=told.get("delivery"))


def as_array(scores: list[float]) -> Any:
    """Scores (N,)."""
    import numpy as np

    return np.array(scores)


@contextmanager
def journals(kept: str) -> Iterator[None]:
    """Where answers are kept: on disk, or only in memory."""
    if kept == "on":
        yield
        return
    with patch(NoJournal.where(), NoJournal):
        yield


if __name__ == "__main__":
    main()
