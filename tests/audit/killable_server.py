"""A real server that is killed and started again at the same address, as a supervisor would."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.launcher import HOST, TritonServer
from serving.processes import descendants, is_stub


class KillableServer:
    """Serves a repository at `endpoint` from `start` on, until it is killed by SIGKILL."""

    def __init__(self, repository: Path, port: int, arguments: tuple[str, ...] = ()) -> None:
        self.repository = repository
        self.endpoint = f"{HOST}:{port}"
        # The last of two equal flags counts.
        flags = (f"--grpc-port={port}", *arguments)
        self._server = TritonServer(repository, arguments=flags)

    def start(self) -> None:
        self._server.__enter__()

    def kill(self) -> None:
        """The server with its process group, and what it leaves behind."""
        os.kill(self._server.pid, signal.SIGKILL)
        self.stop()

    def kill_stub(self) -> None:
        """What runs the model, alone: the server goes on, and answers nothing."""
        for pid in filter(is_stub, descendants(self._server.pid)):
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self._server.__exit__()


@contextmanager
def killable(repository: Path, *arguments: str) -> Iterator[KillableServer]:
    """A server that runs, at a port that stays its own."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((HOST, 0))
        server = KillableServer(repository, held.getsockname()[1], arguments)
        server.start()
        try:
            yield server
        finally:
            server.stop()
