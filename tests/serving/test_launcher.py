"""Starting, failing and ending: the launcher and the installed command with the real server."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc as triton
from asking import ask, small_images
from small_models import ONE_AUTO, TENSORS, grey_level, write

from serving.errors import ServingError
from serving.launcher import TritonServer, reasons
from serving.processes import group_members, triton_shared_memory
from serving.wheel import find_wheel

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_installed_command_serves_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    write(grey_level(), repository / "grey", TENSORS + ONE_AUTO)
    # A wrapper of our own command passes for another server, so the launcher runs the command.
    ours = f"#!{sys.executable}\nfrom serving.cli import main\nmain()\n"
    script = program(tmp_path / "venv" / "tritonserver", ours)
    program(tmp_path / "bin" / "tritonserver", f'#!/bin/sh\nexec {script} "$@"\n')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with TritonServer(repository) as server:
        members = group_members(server.pid)
        regions = triton_shared_memory(members)
        with triton.InferenceServerClient(server.grpc_endpoint) as client:
            images = small_images(2, 4, 4)
            answer = ask(client, "grey", images, "mean").as_numpy("mean")
        log = server.log_path
    np.testing.assert_allclose(answer, images.mean(axis=(1, 2))[:, None], rtol=1e-6)
    assert len(members) == 2
    assert len(regions) == 1
    assert [region for region in regions if region.exists()] == []
    assert [pid for pid in members if Path(f"/proc/{pid}").exists()] == []
    assert not log.exists()


def test_a_server_that_hangs_is_killed_and_leaves_nothing(tmp_path: Path) -> None:
    write(grey_level(), tmp_path / "grey", TENSORS + ONE_AUTO)
    server = TritonServer(tmp_path, kill_after_seconds=0.5)
    with server:
        members = group_members(server.pid)
        regions = triton_shared_memory(members)
        os.kill(server.pid, signal.SIGSTOP)
    assert len(regions) == 1
    assert [region for region in regions if region.exists()] == []
    assert server.pid not in group_members(server.pid)


def test_help_is_the_servers_own() -> None:
    code = "from serving.cli import main; main()"
    answer = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, check=False
    )
    assert b"--model-repository <string>" in answer.stdout + answer.stderr
    binary = subprocess.run([find_wheel().binary, "--help"], capture_output=True, check=False)
    assert answer.returncode == binary.returncode
    assert (answer.stdout, answer.stderr) == (binary.stdout, binary.stderr)


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServingError, match=r"ended with 1:\n(.*\n)*error: .*failed to stat file"),
        TritonServer(tmp_path / "missing"),
    ):
        pass


def test_the_reasons_are_the_last_errors() -> None:
    log = """I1121 23:56:37.1 1 model_lifecycle.cc:472] "loading: grey:1"
E1121 23:56:37.2 1 model_lifecycle.cc:642] "failed to load 'grey' version 1: no GPU"
| server_id | triton |
error: creating server: Internal - failed to load all models
"""
    assert reasons(log).splitlines() == [log.splitlines()[1], log.splitlines()[3]]
    assert reasons(log, lines=1) == log.splitlines()[3]
    assert reasons("I1121 first\nI1121 second") == "I1121 first\nI1121 second"


def test_a_server_that_is_not_ready_in_time_is_ended(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    starting = TritonServer(tmp_path, ready_seconds=0.0, log=log)
    began = time.monotonic()
    with pytest.raises(ServingError, match="not ready after 0 s"), starting:
        pass
    assert time.monotonic() - began < 15
    assert group_members(starting.pid) == []
    assert log.exists()
