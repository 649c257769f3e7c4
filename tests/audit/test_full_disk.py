"""A disk that fills up under an audit: one line, nothing lost, and --resume once there is space.

On a real tmpfs of one megabyte where the test may mount one (root); else SQLite is told that its
file may not grow, which is the same error without the disk.
"""

import errno
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fair_audit_runs import answered, audit, failure

from audit.records.journal import Journal

pytest_plugins = ["audit_fixtures"]

QUICK = ("--replicates", 100, "--worst", 0, "--model", "sound")
FREE = "free some space, or mend the disk, and go on with the same command and --resume"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(place: Path, left: int) -> Path:
    """Take all the space of a disk but some; the file that takes it."""
    file, free = place / "filler", os.statvfs(place)
    file.write_bytes(bytes(free.f_bavail * free.f_bsize - left))
    return file


@pytest.fixture
def expected(endpoint: str, split_root: Path, tmp_path: Path) -> bytes:
    run = tmp_path / "whole"
    assert audit(endpoint, "--data", split_root, *QUICK, "--out", run) == 0
    return (run / "report" / "groups.csv").read_bytes()


def test_a_disk_that_is_full_of_answers(
    endpoint: str, split_root: Path, small_disk: Path, expected: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    filler, run = fill(small_disk, 150_000), small_disk / "run"
    flags = ("--data", split_root, *QUICK, "--out", run)
    line = failure(capsys, 3, endpoint, *flags)
    assert "journal.sqlite: " in line
    assert FREE in line
    assert 0 < answered(run / "records" / "journal.sqlite") < 90
    filler.unlink()
    assert audit(endpoint, *flags, "--resume") == 0
    assert (run / "report" / "groups.csv").read_bytes() == expected


def test_a_disk_that_is_full_before_the_report(
    endpoint: str, split_root: Path, small_disk: Path, expected: bytes,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    record, run = Journal.record, small_disk / "run"

    def recording(self: Journal, readings: object) -> None:
        record(self, readings)  # type: ignore[arg-type]
        if len(self) == 90:
            fill(small_disk, 20_000)

    monkeypatch.setattr(Journal, "record", recording)
    flags = ("--data", split_root, *QUICK, "--out", run)
    line = failure(capsys, 3, endpoint, *flags)
    assert os.strerror(errno.ENOSPC) in line
    assert line.endswith("free some space, then go on with the same command and --resume")
    assert not (run / "report").exists()
    assert answered(run / "records" / "journal.sqlite") == 90
    (small_disk / "filler").unlink()
    assert audit(endpoint, *flags, "--resume") == 0
    assert (run / "report" / "groups.csv").read_bytes() == expected


def test_a_journal_that_may_not_grow(
    endpoint: str, split_root: Path, tmp_path: Path, expected: bytes,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connecting(*arguments: object, **named: object) -> sqlite3.Connection:
        database = connect(*arguments, **named)
        if "uri" not in named:  # the one that is written to
            database.execute("PRAGMA max_page_count=6")
        return database

    monkeypatch.setattr("audit.records.journal.sqlite3.connect", connecting)
    flags = ("--data", split_root, *QUICK, "--out", tmp_path / "run")
    line = failure(capsys, 3, endpoint, *flags)
    assert f"database or disk is full; {FREE}" in line
    monkeypatch.undo()
    assert 0 < answered(tmp_path / "run" / "records" / "journal.sqlite") < 90
    assert audit(endpoint, *flags, "--resume") == 0
    assert (tmp_path / "run" / "report" / "groups.csv").read_bytes() == expected
