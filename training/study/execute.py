"""Runs of a study, each by the commands that a user would type; what is done already is kept."""

import fcntl
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import TextIO

from fairness.atomic import write_atomically
from fairness.documents import parse_json
from fairness.errors import DataError
from training import settings
from training.encoding import Encoding
from training.runlog import LOG
from training.study.config import Study
from training.study.plan import Run

DONE = "done.json"
"""In a run's folder once its audit is there: the key of its settings."""
LOG_FILE = "log.txt"
REPORT = Path("audit/report/report.json")
OUTCOMES = Path("audit/records/outcomes.parquet")


def execute(
    study: Study, runs: Sequence[Run], out: Path, attributes: Sequence[str], jobs: int
) -> None:
    """Train, export and audit every run that is not done yet.

    Args:
        study: as read.
        runs: of it.
        out: folder of the study.
        attributes: that are audited.
        jobs: runs at the same time.

    Raises:
        DataError: a command failed; names the run's folder and its log.
    """
    with locked(out) as lock, ThreadPoolExecutor(jobs) as pool:
        left = [run for run in runs if not is_done(out / "runs" / run.folder, run.key)]
        LOG.info(f"{len(runs)} runs, of which {len(runs) - len(left)} are done already")
        started, done, stopped = time.monotonic(), 0, Event()

        def work(run: Run) -> str:
            if stopped.is_set():  # after a failure nothing new is begun
                return ""
            try:
                execute_run(study, run, out / "runs", attributes, lock)
            except BaseException:
                stopped.set()
                raise
            return run.name

        # Heads come last, when every encoder is there.
        for wave in ([r for r in left if r.after is None], [r for r in left if r.after]):
            begun = [pool.submit(work, run) for run in wave]
            try:
                for future in as_completed(begun):
                    if not (name := future.result()):
                        continue
                    done += 1
                    minutes = (time.monotonic() - started) / done * (len(left) - done) / 60
                    of_all = f"{done} of {len(left)}, about {minutes:.1f} min left"
                    LOG.info(f"done: {name} ({of_all})")
            except BaseException:  # Ctrl-C
                stopped.set()
                raise


def is_done(folder: Path, key: str) -> bool:
    """Whether a run was finished with the settings of this key."""
    try:
        return parse_json((folder / DONE).read_bytes()).get("key") == key
    except (OSError, ValueError):
        return False


def execute_run(
    study: Study, run: Run, runs: Path, attributes: Sequence[str], lock: TextIO
) -> None:
    """Train, export and audit one run.

    Raises:
        DataError: a command failed.
    """
    folder = runs / run.folder
    folder.mkdir(parents=True, exist_ok=True)
    config = run.config
    if run.after is not None and isinstance(config, Encoding):
        config = replace(config, backbone=runs / run.after.folder / "train")
    settings.keep(config, folder)
    words = ["--config", str(folder / settings.KEPT), "--out", str(folder / "train"), "--resume"]
    if not (folder / "trained").exists():
        step(folder, f"training.{run.command}", words, lock)
        write_atomically(folder / "trained", "")
    repository = folder / "repository"
    if not (folder / "exported").exists():
        shutil.rmtree(repository, ignore_errors=True)  # what a killed export may have left
        words = [str(folder / "train"), "--repository", str(repository), "--name", "model"]
        step(folder, "export", words, lock)
        write_atomically(folder / "exported", "")
    words = [
        *("--onnx", str(repository / "model" / "1" / "model.onnx")),
        *("--data", str(study.data), "--split", "test"),
        *("--attributes", ",".join(attributes), "--out", str(folder / "audit"), "--resume"),
        *("--suppress-below", str(study.suppress_below), "--worst", "0"),
        *(() if study.threshold == "youden" else ("--threshold", str(study.threshold))),
    ]
    step(folder, "audit.cli", words, lock)
    document = {"key": run.key, "versions": versions(), "name": run.name}
    write_atomically(folder / DONE, json.dumps(document, indent=1) + "\n")


def step(folder: Path, module: str, words: Sequence[str], lock: TextIO) -> None:
    """Run a command of ours as a process of its own, and keep what it says in the run's log.

    Raises:
        DataError: it failed.
    """
    with (folder / LOG_FILE).open("a", encoding="utf-8") as log:
        print(f"\npython -m {module} {' '.join(words)}", file=log, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            pass_fds=(lock.fileno(),),  # a command that outlives its study holds the lock on
        )
    if done.returncode:
        said = (folder / LOG_FILE).read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line for line in reversed(said) if line.strip()), "")
        raise DataError(
            f"{folder}: python -m {module} ended with {done.returncode}: {last.strip()}; "
            f"see {folder / LOG_FILE}, then repeat the study: runs that are done stay"
        )


@contextmanager
def locked(out: Path) -> Iterator[TextIO]:
    """A lock on the folder of a study; waits for another study, or for what a killed one left."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            LOG.info(f"{out} is in use, by another study or a command that one left: waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def versions() -> dict[str, str]:
    """Versions of what decides a run's numbers; the audit says that of ONNX Runtime."""
    names = ("fair-audit-triton", "torch", "transformers", "onnx", "numpy")
    return {name: version(name) for name in names}
