"""Runs of `fair-audit` against the real server."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from audit.cli import run


def audit(endpoint: str, *arguments: object) -> int:
    return run(["--endpoint", endpoint, *map(str, arguments)])


def begun(endpoint: str, *arguments: object, log: Path | None = None) -> "subprocess.Popen[bytes]":
    """A run in a process of its own, which can be killed; what it says goes to `log`."""
    command = [sys.executable, "-m", "audit.cli", "--endpoint", endpoint, *map(str, arguments)]
    with open(log or os.devnull, "wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def answered(journal: Path) -> int:
    if not journal.exists():
        return 0
    database = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        (count,) = database.execute("SELECT COUNT(*) FROM answers").fetchone()
    except sqlite3.OperationalError:  # it is being made
        return 0
    finally:
        database.close()
    return int(count)


def failure(
    capsys: pytest.CaptureFixture[str], code: int, endpoint: str, *arguments: object
) -> str:
    """The one line that a failing command prints."""
    assert audit(endpoint, *arguments) == code
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("fair-audit: ")
    return lines[0]
