"""`python -m training.study` as a process of its own, which can be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


def begun(config: Path, out: Path) -> "subprocess.Popen[bytes]":
    words = ["--config", str(config), "--out", str(out), "--jobs", "2"]
    command = [sys.executable, "-m", "training.study", *words]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def tables(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "tables").iterdir()}


def killed_once(process: "subprocess.Popen[bytes]", out: Path, wanted: str) -> None:
    """Kill a study, not the command that it runs, as soon as it has written a file."""
    end = time.monotonic() + 300
    while not list((out / "runs").glob(wanted)):
        assert process.poll() is None, "the study ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (out / "tables").exists()
