"""Ray, quiet, without reports to its makers, and closed to others where it is started here.

It works in a process of its own: Ray takes signals and output for itself, and ends its process at
once where a cluster is lost or left in the middle of its work.
"""

import json
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from fairness.errors import FairAuditError, ServerError, UsageError
from fairness.text import one_line

ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Set unless the user has set them."""

DEADLINE = 10.0
"""Seconds within which something must listen at the address of a cluster, or Ray must end."""

Said = dict[str, Any]
Given = TypeVar("Given")


def check_ray(address: str | None) -> None:
    """Refuse `--engine ray` where Ray is not installed, or an address that it could wait for.

    Raises:
        UsageError: there is a reason to.
    """
    if find_spec("ray") is None:
        raise UsageError("--engine ray needs Ray; install the extra: fair-audit-triton[ray]")
    if address not in (None, "auto") and port_of(str(address)) is None:
        raise UsageError(f"--ray-address {address}: give HOST:PORT of a cluster's head, or auto")


def port_of(address: str) -> tuple[str, int] | None:
    """Host and port; None where it is not one of each."""
    host, _, port = address.rpartition(":")
    known = host and "/" not in host and port.isascii() and port.isdigit() and int(port) < 2**16
    return (host.strip("[]"), int(port)) if known else None


@contextmanager
def cluster(address: str | None, workers: int, folder: Path) -> Iterator[Any]:
    """Ray's package, with a cluster to work on: that at an address, or one of this machine alone.

    Ray's ports are open to all who reach the machine, and who may use them runs programs: one that
    is started here therefore asks for a token that nobody else knows.

    Args:
        address: of a cluster, or None.
        workers: that one of this machine has room for.
        folder: for its files.

    Raises:
        ServerError: no cluster answers, or none can be started.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    own: dict[str, Any] = {}
    if address is None:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        own = {"num_cpus": workers + 1, "include_dashboard": False, "_temp_dir": str(folder)}
    elif place := port_of(address):
        check_listens(place, address)
    import ray

    try:
        ray.init(address=address or "local", log_to_driver=False, **own)
    except (RuntimeError, OSError, ValueError) as error:
        where = f"--ray-address {address}" if address else "Ray cannot be started"
        raise ServerError(f"{where}: {error}") from None
    yield ray
    ray.shutdown()


def check_listens(place: tuple[str, int], address: str) -> None:
    """Refuse an address where nothing listens, for which Ray would wait for minutes.

    Raises:
        ServerError: nothing does.
    """
    try:
        socket.create_connection(place, timeout=DEADLINE).close()
    except OSError as error:
        reason = error.strerror or error
        raise ServerError(f"--ray-address {address}: {reason}; start a cluster there") from None


def from_process(
    work: Callable[[Given, Path], Iterator[Said]], given: Given
) -> Generator[Said, None, None]:
    """What a generator gives that runs in a new process, which is ended with this one's interest.

    Args:
        work: a function of a module; its items must be JSON.
        given: its first argument; the second is a folder for its files, which is removed.

    Raises:
        ServerError: the process ended before its work.
    """
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe(duplex=False)
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    process = spawning.Process(target=send_all, args=(work, given, folder, theirs), daemon=True)
    try:
        process.start()
        theirs.close()
        while said := json.loads(ours.recv_bytes()):
            yield said
            if "error" in said:
                return
    except EOFError:
        raise ServerError("Ray ended before its work was done") from None
    finally:
        end(process)
        shutil.rmtree(folder, ignore_errors=True)


def end(process: BaseProcess) -> None:
    """End a process, and Ray in it, whatever it does."""
    if process.pid is None:  # it never began
        return
    process.join(0 if process.is_alive() else DEADLINE)
    if process.is_alive():
        process.terminate()  # Ray ends its other processes first
        process.join(DEADLINE)
    if process.is_alive():
        process.kill()
        process.join()


def send_all(
    work: Callable[[Given, Path], Iterator[Said]], given: Given, folder: Path, pipe: Connection
) -> None:
    """Send what a generator gives, then an empty object; or an error as `error_said`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who began this process
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        for said in work(given, folder):
            pipe.send_bytes(json.dumps(said).encode())
        pipe.send_bytes(b"{}")
    except FairAuditError as error:
        pipe.send_bytes(json.dumps(error_said(error)).encode())
    except Exception as error:  # whatever Ray raises; nobody would see it here
        odd = ServerError(f"Ray: unexpected {type(error).__name__}: {error}")
        pipe.send_bytes(json.dumps(error_said(odd)).encode())


def error_said(error: FairAuditError) -> Said:
    """An error as JSON: its kinds, the nearest first, and its text."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds, "error": one_line(str(error))}
