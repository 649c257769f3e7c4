"""The lock of a run's folder: who is refused, and that a killed owner lets it go."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from audit.records.lock import LOCK, check_unlocked, locked
from fairness.errors import UsageError

HOLDER = """
import sys, time
from pathlib import Path
from audit.records.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(out: Path) -> "subprocess.Popen[bytes]":
    """Another process that holds the lock by now."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_the_second_run_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        refused = pytest.raises(UsageError, match=f"process {process.pid} is writing to this run")
        with refused:
            check_unlocked(tmp_path)
        with refused, locked(tmp_path):
            pass
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    check_unlocked(tmp_path)  # the kernel has let it go
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_a_folder_without_a_run_is_free_and_stays_as_it_is(tmp_path: Path) -> None:
    check_unlocked(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_it_is_free_again_afterwards_and_nobody_elses_to_read(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            pass
    assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "records").stat().st_mode) == 0o700


def test_what_stands_in_the_file_is_believed_only_where_it_is_a_number(tmp_path: Path) -> None:
    process = holder(tmp_path)
    try:
        (tmp_path / LOCK).write_text("\x1b[2J 1; rm -r /\n")
        with pytest.raises(UsageError, match=": another process is writing to this run"):
            check_unlocked(tmp_path)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
