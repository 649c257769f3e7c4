"""`--engine ray` on a real cluster of this machine: the bytes of one process, whoever is killed."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fair_audit_runs import answered, audit, begun
from served import SPEC
from served_slowly import write_slow_model

from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from serving.launcher import TritonServer

pytestmark = pytest.mark.ray

QUICK = ("--replicates", 100, "--suppress-below", 2)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose model takes 0.3 s a batch."""
    repository = tmp_path_factory.mktemp("repository")
    write_slow_model(repository, "slow", SPEC, 0.3)
    with TritonServer(repository) as server:
        yield server.grpc_endpoint


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_fairvlmed(root, Recipe(train=2, val=2, test=90, seed=3))
    file = sorted((root / "Test").glob("*.npz"))[41]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255  # its headers are whole, its checksum is wrong
    file.write_bytes(content)
    return root


def parents() -> dict[int, int]:
    """Process to its parent, of all."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:  # it has ended
            continue
        found[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    return found


def workers_below(pid: int) -> list[int]:
    """Actors of Ray among the processes that a process began."""
    known, below = parents(), []
    for one in known:
        line = Path(f"/proc/{one}/cmdline")
        if not line.exists() or not line.read_bytes().startswith(b"ray::MapWorker"):
            continue
        above = one
        while above not in (0, pid):
            above = known.get(above, 0)
        below += [one] if above == pid else []
    return sorted(below)


def test_two_workers_one_of_them_killed_give_the_bytes_of_one_process(
    endpoint: str, data: Path, tmp_path: Path
) -> None:
    flags = ("--model", "slow", "--data", data, "--on-error", "skip", *QUICK)
    run, log = tmp_path / "ray", tmp_path / "log.txt"
    process = begun(endpoint, *flags, "--engine", "ray", "--workers", 2, "--out", run, log=log)
    while answered(run / "records" / "journal.sqlite") == 0:
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    before = workers_below(process.pid)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert 0 < answered(run / "records" / "journal.sqlite") < 80, "it was too late for a kill"
    assert process.wait(timeout=120) == 0, log.read_text()
    for _ in range(100):  # a worker ends when it notices that its node is gone
        if not (left := [pid for pid in before if Path(f"/proc/{pid}").exists()]):
            break
        time.sleep(0.1)
    assert left == []

    one = tmp_path / "one"
    assert audit(endpoint, *flags, "--out", one) == 0
    for name in ("report/groups.csv", "report/contrasts.csv", "records/outcomes.parquet",
                 "records/skipped.csv", "records/cases.html"):  # fmt: skip
        assert (run / name).read_bytes() == (one / name).read_bytes(), name
    ours, theirs = (json.loads((x / "report" / "report.json").read_text()) for x in (run, one))
    assert ours["provenance"]["workers"]["number"] == 2
    assert ours["provenance"]["data"] == theirs["provenance"]["data"]
    assert ours["provenance"]["data"]["n"] == 89
    assert ours["rows"] == theirs["rows"]
    assert "asked by 2 workers of Ray" in (run / "report" / "report.md").read_text()
