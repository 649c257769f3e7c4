"""Ending a process group leaves no process and no shared memory of it, and touches no other."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.processes import end_group, group_members, triton_shared_memory

SHM = Path("/dev/shm")
# A stand-in that ignores SIGTERM, holds shared memory and has a child that does the same.
STUBBORN = """
import mmap, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
maps = [mmap.mmap(os.open(name, os.O_RDWR), 4096) for name in sys.argv[1:]]
os.fork()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def regions() -> Iterator[dict[str, Path]]:
    tag = f"{os.getpid()}_{uuid.uuid4().hex[:8]}"
    files = {
        "stub": SHM / f"triton_onnxruntime_backend_shm_region_{tag}",
        "client": SHM / f"fair_audit_{tag}",
        "other server": SHM / f"triton_python_backend_shm_region_{tag}",
    }
    for file in files.values():
        file.write_bytes(bytes(4096))
    yield files
    for file in files.values():
        file.unlink(missing_ok=True)


def test_a_stubborn_group_is_killed_and_cleaned_up(regions: dict[str, Path]) -> None:
    held = [str(regions["stub"]), str(regions["client"])]
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN, *held], stdout=subprocess.PIPE, start_new_session=True
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.read(12)  # of two processes, whose lines may be mixed
        assert said.count(b"ready") == said.count(b"\n") == 2
        members = group_members(process.pid)
        assert len(members) == 2
        assert triton_shared_memory(members) == {regions["stub"]}
        end_group(process, kill_after_seconds=0.3)
    assert process.returncode == -9
    deadline = time.monotonic() + 5  # the orphan is reaped by whoever adopts it
    while running(members) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running(members) == []
    assert not regions["stub"].exists()
    assert regions["client"].exists()
    assert regions["other server"].exists()


def running(pids: list[int]) -> list[int]:
    """Those of `pids` that still run: a zombie does not."""
    states = {pid: Path(f"/proc/{pid}/stat") for pid in pids}
    return [
        pid
        for pid, stat in states.items()
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    ]


def test_a_server_that_has_ended_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "raise SystemExit(4)"], start_new_session=True
    )
    process.wait()
    end_group(process, kill_after_seconds=1)
    assert process.returncode == 4
    assert group_members(process.pid) == []
    assert triton_shared_memory([process.pid]) == set()
