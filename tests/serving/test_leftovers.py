"""A server that is killed leaves no process and no shared memory, however it was started."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_models import ONE_AUTO, TENSORS, grey_level, write

from serving.launcher import TritonServer
from serving.leftovers import keep_watch
from serving.processes import born, descendants, triton_shared_memory

ROOT = Path(__file__).parent.parent.parent
SHM = Path("/dev/shm")
# A stand-in for a server: its child holds shared memory and outlives it.
STAND_IN = """
import mmap, os, sys, time
if os.fork() == 0:
    maps = [mmap.mmap(os.open(name, os.O_RDWR), 4096) for name in sys.argv[1:]]
    print("ready", flush=True)
time.sleep(60)
"""
SERVED = """
import sys, time
from pathlib import Path
from serving.launcher import TritonServer
with TritonServer(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    write(grey_level(), tmp_path / "repository" / "grey", TENSORS + ONE_AUTO)
    return tmp_path / "repository"


@pytest.fixture
def region() -> Iterator[Callable[[str], Path]]:
    made: list[Path] = []

    def make(kind: str) -> Path:
        made.append(SHM / f"{kind}_{os.getpid()}_{uuid.uuid4().hex[:8]}")
        made[-1].write_bytes(bytes(4096))
        return made[-1]

    yield make
    for file in made:
        file.unlink(missing_ok=True)


def within(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    return done()


def gone(pids: set[int], regions: set[Path]) -> bool:
    return not any(map(born, pids)) and not any(region.exists() for region in regions)


@pytest.mark.parametrize("kill", [os.kill, os.killpg])
def test_what_a_killed_server_leaves_is_removed_and_nothing_else(
    region: Callable[[str], Path], kill: Callable[[int, int], None]
) -> None:
    held = region("triton_onnxruntime_backend_shm_region")
    other, client = region("triton_python_backend_shm_region"), region("fair_audit")
    server = subprocess.Popen(
        [sys.executable, "-c", STAND_IN, str(held), str(client)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with server, keep_watch(server.pid) as watch:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        children = descendants(server.pid)
        time.sleep(1.2)  # the watch begins, and looks
        kill(server.pid, signal.SIGKILL)
        assert watch.wait(10) == 0
    assert len(children) == 1
    assert gone(children, {held})
    assert other.exists()
    assert client.exists()


def test_a_watch_that_is_ended_tidies_up_after_a_dead_server_and_leaves_a_living_one(
    region: Callable[[str], Path],
) -> None:
    held = region("triton_onnxruntime_backend_shm_region")
    server = subprocess.Popen(
        [sys.executable, "-c", STAND_IN, str(held)], stdout=subprocess.PIPE, start_new_session=True
    )
    with server, keep_watch(server.pid) as early, keep_watch(server.pid) as late:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        children = descendants(server.pid)
        time.sleep(1.2)  # both begin, and look
        early.terminate()
        assert early.wait(10) == 0
        assert held.exists()
        assert all(map(born, children))
        server.kill()
        server.wait()
        late.terminate()
        assert late.wait(10) == 0
        assert gone(children, {held})


def test_the_watch_ends_with_a_server_that_ends_by_itself() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as server:
        assert keep_watch(server.pid).wait(10) == 0


def test_the_installed_command_killed_leaves_nothing(repository: Path) -> None:
    flags = [f"--model-repository={repository}", "--allow-metrics=false", "--allow-http=false"]
    code = "from serving.cli import main; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", code, *flags, "--grpc-address=127.0.0.1", "--grpc-port=0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with server:
        assert within(60, lambda: bool(triton_shared_memory(descendants(server.pid))))
        pids = descendants(server.pid)
        regions = triton_shared_memory(pids)
        time.sleep(1)
        server.kill()
    assert len(pids) >= 2  # the model's, and the watch
    assert within(10, lambda: gone(pids, regions))


def test_a_server_does_not_outlive_the_program_that_launched_it(repository: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", SERVED, str(repository)], stdout=subprocess.PIPE
    )
    with program:
        assert program.stdout is not None
        server = int(program.stdout.readline())
        pids = {server, *descendants(server)}
        regions = triton_shared_memory(pids)
        time.sleep(1)
        program.kill()
    assert len(regions) == 1
    assert within(20, lambda: gone(pids, regions))


def test_a_server_killed_with_all_its_processes_at_once_leaves_nothing(repository: Path) -> None:
    with TritonServer(repository) as server:
        pids = {server.pid, *descendants(server.pid)}
        regions = triton_shared_memory(pids)
        os.killpg(server.pid, signal.SIGKILL)
    assert len(regions) == 1
    assert within(10, lambda: gone(pids, regions))
