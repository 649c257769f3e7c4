"""MLServer and KServe for the length of a `with` block, on free ports of 127.0.0.1."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from oip_environments import environment, python_of

HOST = "127.0.0.1"
READY_SECONDS = 120.0
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "mlserver"


@dataclass(frozen=True)
class Addresses:
    """Where a server listens, as `--endpoint` takes it."""

    grpc: str
    rest: str


@contextmanager
def mlserver(
    folder: Path, models: Mapping[str, bytes], tensors: Mapping[str, Any], version: str = ""
) -> Iterator[Addresses]:
    """MLServer with the runtime of the example.

    Args:
        folder: for its files.
        models: ONNX file of each name.
        tensors: `inputs` and `outputs` of each name, as in `model-settings.json`.
        version: of each, a word; empty where it has none.
    """
    ports = {f"{name}_port": free_port() for name in ("http", "grpc", "metrics")}
    settings = {"host": HOST, "parallel_workers": 0, **ports}
    folder.mkdir()
    (folder / "settings.json").write_text(json.dumps(settings))
    for name, content in models.items():
        place = folder / name
        place.mkdir()
        (place / "model.onnx").write_bytes(content)
        (place / "runtime.py").write_text((EXAMPLE / "cnn" / "runtime.py").read_text())
        said = {
            "name": name,
            "implementation": "runtime.OnnxModel",
            "parameters": {"uri": "./model.onnx", **({"version": version} if version else {})},
            **tensors[name],
        }
        (place / "model-settings.json").write_text(json.dumps(said))
    command = [python_of("mlserver").parent / "mlserver", "start", "."]
    with running(command, folder, ports["http_port"]):
        yield Addresses(f"{HOST}:{ports['grpc_port']}", f"http://{HOST}:{ports['http_port']}")


@contextmanager
def kserve(folder: Path, models: Mapping[str, bytes]) -> Iterator[Addresses]:
    """KServe's own server with a model in Python; arguments as `mlserver`."""
    folder.mkdir()
    for name, content in models.items():
        (folder / f"{name}.onnx").write_bytes(content)
    http, grpc = free_port(), free_port()
    runtime = Path(__file__).parent / "kserve_runtime.py"
    named = [f"{name}={name}.onnx" for name in models]
    command = [python_of("kserve"), runtime, http, grpc, *named]
    with running(command, folder, http):
        yield Addresses(f"{HOST}:{grpc}", f"http://{HOST}:{http}")


@contextmanager
def running(
    command: Sequence[object], folder: Path, port: int, variables: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A server whose HTTP port says that it is ready; ended by its own pid."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            env={**(variables or environment()), "ORT_DISABLE_TELEMETRY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                text = (folder / "server.log").read_text()
                raise RuntimeError(f"{command[:3]} is not ready:\n{text[-3000:]}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_ready(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    with socket.create_server((HOST, 0)) as held:
        return int(held.getsockname()[1])
