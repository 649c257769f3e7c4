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
    return [pid for pid, fields in _everything().items() if int(fields[2]) == group]


def born(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot; None where it has ended.

    With its id it names a process for good: ids are used again.
    """
    fields = _fields(Path(f"/proc/{pid}"))
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def descendants(pid: int) -> set[int]:
    """Ids of the children of a process, and of their children.

    From the parents of all processes: Triton has some forty threads a model, each of which could
    have children, so that to ask them all takes several times as long.
    """
    children: dict[int, list[int]] = {}
    for child, fields in _everything().items():
        children.setdefault(int(fields[1]), []).append(child)
    found: set[int] = set()
    left = [pid]
    while left:
        new = children.get(left.pop(), [])
        found |= {*new}
        left += new
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


def _everything() -> dict[int, list[str]]:
    """State, parent, group and so on of every process, by its id."""
    found = {int(f.name): _fields(f) for f in Path("/proc").glob("[0-9]*")}
    return {pid: fields for pid, fields in found.items() if fields}


def _fields(folder: Path) -> list[str]:
    # "pid (name) state parent group ...", and the name may hold anything
    return _text(folder / "stat").rpartition(")")[2].split()


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""  # the process has ended, or is another user's
