"""Triton server for the length of a `with` block, on free ports of 127.0.0.1."""

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from serving.command import server_command
from serving.errors import ServingError
from serving.leftovers import keep_watch
from serving.processes import end_group, group_members, triton_shared_memory

HOST = "127.0.0.1"
_EXIT_SECONDS = 8
"""Triton's own limit for a clean exit, reached before the kill at 10 s."""
_ERROR_LINE = re.compile(r"E\d{4} |error: ")


class TritonServer:
    """A `tritonserver` process that runs inside the block, then ends by its own pid.

    `with TritonServer(Path("model_repository")) as server: ... server.grpc_endpoint ...`

    Args:
        model_repository: folder of the models.
        arguments: further flags of `tritonserver`; they come last.
        ready_seconds: how long the models may take to load.
        kill_after_seconds: how long the server may take to end before it is killed.
        log: where the server writes; by default a temporary file that goes with it.

    Raises:
        ServingError: on entering, where the server cannot be found, ends early, or is not ready in
            time; the last errors of its log follow.
    """

    def __init__(
        self,
        model_repository: Path,
        *,
        arguments: Sequence[str] = (),
        ready_seconds: float = 120.0,
        kill_after_seconds: float = 10.0,
        log: Path | None = None,
    ) -> None:
        self.model_repository = model_repository
        self.arguments = tuple(arguments)
        self.ready_seconds = ready_seconds
        self.kill_after_seconds = kill_after_seconds
        self._ports: dict[str, int] = {}
        self._log = log
        self._exit = ExitStack()

    @property
    def grpc_endpoint(self) -> str:
        """`127.0.0.1:PORT`, known once the block is entered."""
        return f"{HOST}:{self._ports['grpc']}"

    @property
    def http_endpoint(self) -> str:
        """`127.0.0.1:PORT` of its REST interface."""
        return f"{HOST}:{self._ports['http']}"

    @property
    def pid(self) -> int:
        """Process id of the server, which leads a process group of its own."""
        return self._process.pid

    def log_text(self) -> str:
        """Text of the server's log so far."""
        return self.log_path.read_text(errors="replace")

    def __enter__(self) -> "TritonServer":
        with ExitStack() as started, ExitStack() as reserved:
            folder = started.enter_context(tempfile.TemporaryDirectory(prefix="tritonserver-"))
            self.log_path = self._log or Path(folder) / "server.log"
            self._ports = {
                name: reserved.enter_context(_free_port()).getsockname()[1]
                for name in ("grpc", "http")
            }
            self._process = self._start()
            regions: set[Path] = set()
            started.callback(_remove, regions)
            started.callback(_end, keep_watch(self._process.pid, owner=os.getpid()))
            started.callback(end_group, self._process, self.kill_after_seconds)
            self._wait_until_ready()
            # Where all its processes are killed at once, before the watch has looked.
            regions |= triton_shared_memory(group_members(self._process.pid))
            self._exit = started.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = server_command(self._flags(), os.environ)
        with self.log_path.open("wb") as log:
            return subprocess.Popen(
                command.arguments,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C then reaches the with block alone
            )

    def _flags(self) -> list[str]:
        flags = [f"--model-repository={self.model_repository}", "--allow-metrics=false"]
        for name, port in self._ports.items():
            flags += [
                f"--{name}-address={HOST}",
                f"--{name}-port={port}",
                f"--reuse-{name}-port=true",
            ]
        return [*flags, f"--exit-timeout-secs={_EXIT_SECONDS}", *self.arguments]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.ready_seconds
        while not _is_ready(self._ports["http"]):
            code = self._process.poll()
            if code is not None:
                raise ServingError(f"tritonserver ended with {code}:\n{reasons(self.log_text())}")
            if time.monotonic() > deadline:
                raise ServingError(
                    f"tritonserver is not ready after {self.ready_seconds:g} s:\n"
                    f"{reasons(self.log_text())}"
                )
            time.sleep(0.05)


def reasons(log: str, lines: int = 8) -> str:
    """The last errors of a server's log, or its last lines where it has none."""
    everything = log.splitlines()
    errors = [line for line in everything if _ERROR_LINE.match(line)]
    return "\n".join((errors or everything)[-lines:])


def _end(watch: "subprocess.Popen[bytes]") -> None:
    watch.terminate()
    watch.wait()


def _remove(regions: set[Path]) -> None:
    for region in regions:
        region.unlink(missing_ok=True)


def _free_port() -> socket.socket:
    """A socket that holds a free port until the server has it: nobody can come in between.

    Both set SO_REUSEPORT; connections go to the server, since this socket never listens.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((HOST, 0))
    return held


def _is_ready(http_port: int) -> bool:
    connection = HTTPConnection(HOST, http_port, timeout=2)
    try:
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()  # the server waits for open connections when it exits
