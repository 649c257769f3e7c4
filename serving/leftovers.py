"""Watches a server, and cleans up when it was killed and could not do so itself.

A killed Triton leaves the processes of its models running, and their shared memory. A small process
of its own, which no Ctrl-C and no kill of the server's process group reaches, remembers both while
the server runs, and removes what is left once the server is gone. Linux, as the server itself.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from serving.processes import (
    born,
    descendants,
    group_members,
    is_stub,
    triton_shared_memory,
)

INTERVAL, QUICK = 2.0, 0.25
"""Seconds between two looks, and for a while after models were loaded or unloaded. A look costs
some 15 ms of one core."""

WHILE = 10.0
"""Seconds of quick looks after a change."""

EXIT_SECONDS = 10.0
"""How long a server whose owner is gone may take to end."""


def keep_watch(server: int, owner: int | None = None) -> "subprocess.Popen[bytes]":
    """Start the watch over a server.

    Args:
        server: process id; it may still be about to become the server.
        owner: process id; the server is ended where this process ends before it.
    """
    arguments = [str(server)] if owner is None else [str(server), str(owner)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "serving.leftovers", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


class Told(Exception):  # noqa: N818, it is a message
    """SIGTERM: whoever started the watch needs it no longer."""


def watch(server: int, owner: int | None = None) -> None:
    """Wait for the end of a server, then end its processes and remove its shared memory.

    By SIGTERM it does so at once where the server has ended, and nothing where it has not.
    """
    signal.signal(signal.SIGTERM, _tell)
    server_born, owner_born = born(server), None if owner is None else born(owner)
    processes: dict[int, int] = {}
    regions: set[Path] = set()
    told_to_end: float | None = None
    changed = time.monotonic()
    try:
        while server_born is not None and born(server) == server_born:
            seen = {pid: born(pid) for pid in descendants(server) - {os.getpid()}} | processes
            processes = {pid: at for pid, at in seen.items() if at and born(pid) == at}
            held = regions | triton_shared_memory([server, *processes])
            if held != regions:
                changed = time.monotonic()
            regions = {region for region in held if region.exists()}
            if owner is not None and (owner_born is None or born(owner) != owner_born):
                if told_to_end is None:
                    told_to_end = time.monotonic()
                    _kill(server, signal.SIGTERM)
                elif time.monotonic() > told_to_end + EXIT_SECONDS:
                    _kill(server, signal.SIGKILL)
            time.sleep(QUICK if time.monotonic() < changed + WHILE else INTERVAL)
    except Told:
        if born(server) == server_born:
            return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what follows is soon done, and must be
    left = {pid for pid, at in processes.items() if born(pid) == at}
    left |= {pid for pid in group_members(server) if is_stub(pid)}  # begun since the last look
    regions |= triton_shared_memory(left)
    for pid in left:
        _kill(pid, signal.SIGKILL)
    for region in regions:
        region.unlink(missing_ok=True)


def _tell(*_: object) -> None:
    raise Told


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    watch(*map(int, sys.argv[1:]))
