"""What a run with shared memory leaves behind: nothing, however it ends; and its flags."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fair_audit_runs import audit, failure
from shared_regions import known, ours

from audit.client.connection import Connection
from audit.client.endpoint import connect
from audit.client.grpc_server import GrpcServer
from audit.client.sending import BatchBytes, sending
from audit.client.shared_memory import FOLDER, NAME

pytest_plugins = ["audit_fixtures"]

LARGE = BatchBytes(200_000, 0, 16, 6)


@pytest.fixture
def server(endpoint: str) -> Iterator[GrpcServer]:
    with connect(Connection(endpoint), 2**21) as found:
        assert isinstance(found, GrpcServer)
        yield found


KILLED = """
import os, signal, sys
from audit.client.connection import Connection
from audit.client.endpoint import connect
from audit.client.sending import BatchBytes, sending
with connect(Connection(sys.argv[1])) as server:
    with sending(server, BatchBytes(100_000, 0, 0, 9), "shm", 2, print):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_goes_with_the_next_and_a_strangers_stays(
    server: GrpcServer,
) -> None:
    stranger = FOLDER / f"stranger-{os.getpid()}"
    stranger.write_bytes(bytes(4096))
    server.client.register_system_shared_memory("stranger", f"/{stranger.name}", 4096)
    try:
        killed = subprocess.Popen([sys.executable, "-c", KILLED, server.endpoint])
        assert killed.wait() < 0
        left = ours(killed.pid)
        assert len(left) == 1
        assert known(server.endpoint) == {"stranger", *left}
        with sending(server, LARGE, "auto", 2, lambda text: None):
            assert not left & (ours(killed.pid) | known(server.endpoint))
        assert known(server.endpoint) == {"stranger"}
        assert stranger.exists()
    finally:
        server.client.unregister_system_shared_memory("stranger")
        stranger.unlink()


def test_the_command_says_its_way_and_gives_the_same_groups(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ("--model", "sound", "--data", split_root, "--replicates", 100, "--out")
    assert audit(endpoint, *common, tmp_path / "bytes", "--transport", "grpc") == 0
    assert "shared memory" not in capsys.readouterr().out
    further = ("--transport", "shm", "--batch", 3, "--in-flight", 2)
    assert audit(endpoint, *common, tmp_path / "shm", *further) == 0
    assert "note: images go to the server through" in capsys.readouterr().out
    groups = [(tmp_path / way / "report" / "groups.csv").read_text() for way in ("bytes", "shm")]
    assert groups[0] == groups[1]
    assert ours() == known(endpoint) == set()


def test_flags_that_cannot_be_followed_are_refused(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run")
    line = failure(capsys, 2, endpoint, *common, "--batch", 5)
    assert "--batch 5: model 'sound' is sent 4 images at a time at most" in line
    assert "--in-flight must be at least 1" in failure(
        capsys, 2, endpoint, *common, "--in-flight", 0
    )
    line = failure(capsys, 2, f"http://{endpoint}", *common, "--transport", "shm")
    assert "--transport shm: http:// or https:// has a way of its own; leave it out" in line


INTERRUPTED = """
import os, signal, sys
from audit.cli import run
from audit.records.journal import Journal
record = Journal.record
def then_stop(journal, found):
    record(journal, found)
    print(*(name for name in os.listdir("/dev/shm") if f"-{os.getpid()}-" in name), flush=True)
    os.kill(os.getpid(), int(sys.argv[1]))
Journal.record = then_stop
sys.exit(run(sys.argv[2:]))
"""


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_leaves_nothing(
    endpoint: str, split_root: Path, tmp_path: Path, stop: signal.Signals, code: int
) -> None:
    flags = ["--endpoint", endpoint, "--model", "sound", "--data", split_root, "--out", tmp_path]
    words = [sys.executable, "-c", INTERRUPTED, str(int(stop)), *map(str, flags)]
    words += ["--transport", "shm", "--replicates", "100"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    found = NAME.search(ended.stdout)
    assert found is not None
    assert not (FOLDER / found[0]).exists()
    assert found[0] not in known(endpoint)
