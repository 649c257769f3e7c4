"""End a server with its processes and shared memory, found in /proc (Linux)."""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def end_group(server: "subprocess.Popen[bytes]", kill_after_seconds: float) -> None:
    """End `server`, which leads its own process group, with its children and shared memory.

    SIGTERM first, SIGKILL to the group when `kill_after_seconds` have passed; the shared memory of
    processes that were killed is removed, theirs only.
    """
    regions = triton_shared_memory(group_members(server.pid))
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(kill_after_seconds)
    with suppress(ProcessLookupError):  # usual: its stubs have ended with it
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    for region in regions:
        region.unlink(missing_ok=True)


def group_members(group: int) -> list[int]:
    """Ids of the processes in process group `group`, its leader included."""
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        # "pid (name) state parent group ...", and the name may hold anything
        fields = _text(folder / "stat").rpartition(")")[2].split()
        if fields and int(fields[2]) == group:
            members.append(int(folder.name))
    return members


def born(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot; None where it has ended.

    With its id it names a process for good: ids are used again.
    """
    fields = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def descendants(pid: int) -> set[int]:
    """Ids of the children of a process, and of their children."""
    found: set[int] = set()
    for file in Path(f"/proc/{pid}/task").glob("[0-9]*/children"):
        for child in map(int, _text(file).split()):
            found |= {child, *descendants(child)}
    return found


def is_stub(pid: int) -> bool:
    """Whether a process is one in which Triton's Python backend runs a model."""
    return "triton_python_backend_stub" in _text(Path(f"/proc/{pid}/cmdline")).partition("\0")[0]


def triton_shared_memory(pids: Iterable[int]) -> set[Path]:
    """Files in /dev/shm that Triton's Python backend made for the processes `pids`.

    Regions that clients registered have other names and are not among them.
    """
    found = set()
    for pid in pids:
        for line in _text(Path(f"/proc/{pid}/maps")).splitlines():
            _, _, name = line.partition("/dev/shm/triton_")
            if "_backend_shm_region_" in name:
                found.add(Path("/dev/shm") / f"triton_{name.removesuffix(' (deleted)')}")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""  # the process has ended, or is another user's
