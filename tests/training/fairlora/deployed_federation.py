"""A SuperLink and SuperNodes as processes of their own, with TLS on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).parents[3]
APP = ROOT / "training" / "fairlora" / "app"
PATIENCE = 400.0
"""Seconds until a step of the federation counts as failed, on a busy machine."""

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
"""Flower's programs are installed beside Python, which need not be activated."""


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.5)


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder: Path) -> None:
    """As docs/federated.md says."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        "req", "-x509", *curve, "-days", "2", "-keyout", "ca.key", "-out", "ca.crt",
        "-subj", "/CN=test federation", folder=folder,
    )  # fmt: skip
    openssl(
        "req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost",
        folder=folder,
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt", folder=folder,
    )  # fmt: skip


class Federation:
    """Starts and ends its own processes, each by its own pid."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.data, self.port = folder, data, free_port()
        make_certificates(folder)
        home = folder / "home"
        home.mkdir()
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "here"\n[superlink.here]\naddress = "127.0.0.1:{self.port}"\n'
            f'root-certificates = "{folder / "ca.crt"}"\n'
        )
        self._environment = os.environ | {
            "FLWR_HOME": str(home),
            "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.1",
            "OMP_NUM_THREADS": "1",
            "PATH": PATH,
            "PYTHONPATH": str(ROOT),
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.start_link()

    def start_link(self) -> None:
        self._start(
            "link", "flower-superlink", "--host", "127.0.0.1", "--port", str(self.port),
            "--ssl-certfile", "server.crt", "--ssl-keyfile", "server.key",
            "--ssl-ca-certfile", "ca.crt", "--disable-runtime-dependency-installation",
        )  # fmt: skip
        wait_until(lambda: "Uvicorn running on https" in self.log("link"), "the SuperLink")

    def start_node(self, partition: int, config: str | None = None) -> None:
        """With the data of training, or whatever `config` says."""
        own = config or f'data="{self.data}"'
        name = f"node{partition}"
        self._start(
            name, "flower-supernode", "--superlink", f"127.0.0.1:{self.port}",
            "--root-certificates", "ca.crt", "--port", str(free_port()),
            "--node-config", f"partition-id={partition} {own}",
        )  # fmt: skip
        wait_until(lambda: "SuperNode ID" in self.log(name), name)

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def run(self, folder: Path, settings: Sequence[str]) -> None:
        """Submit the app and wait until the run has logged its end."""
        self.submit(folder, settings)
        self.wait_for(folder, "kept round")

    def submit(self, folder: Path, settings: Sequence[str], app: Path = APP) -> None:
        values = " ".join([*settings, f'out="{folder}"'])
        subprocess.run(
            ["flwr", "run", str(app), "here", "-c", values],
            cwd=self.folder, env=self._environment, check=True, capture_output=True,
        )  # fmt: skip

    def wait_for(self, folder: Path, text: str) -> None:
        log = folder / "train.log"
        wait_until(lambda: log.exists() and text in log.read_text(), f"'{text}' in {log}")

    def stop(self) -> None:
        for process in reversed(self._processes.values()):
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def has_the_programs() -> bool:
    return all(which(program, path=PATH) for program in ("flower-superlink", "flwr", "openssl"))
