"""Two processes on the CPU train as one does with the same batch.

Adam hides a constant factor of the gradient; its first moment and SGD's momentum do not.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import small_run
import small_seg_run
import torch

# tensorboard ships no types
from tensorboard.backend.event_processing import event_accumulator  # type: ignore[import-untyped]
from torch import Tensor

from training import checkpoint

pytestmark = pytest.mark.methods
COMMON = ["--preset", "tiny", "--seed", "3"]
FAIRCLIP = ["--epochs", "2", "--batch-size", "9", "--group-batch-size", "5", "--fair-lambda", "100"]
FAIRSEG = ["--model", "samed", "--epochs", "2", "--batch-size", "5", "--crop", "80",
           "--optimizer", "sgd", "--lr", "0.01", "--warmup", "0"]  # fmt: skip
LAUNCHER = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]


def trained(method: str, flags: list[str], out: Path, port: int | None = None) -> str:
    """Run a training command, in two processes where a port is given; what it said."""
    launched = [*LAUNCHER, str(port)] if port else []
    processes = ["--processes", "2"] if port else []
    command = [sys.executable, *launched, "-m", f"training.{method}", *COMMON, *flags, *processes]
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def curves(run: Path) -> dict[str, list[float]]:
    events = event_accumulator.EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    names = (name for name in events.Tags()["scalars"] if not name.startswith("validation/"))
    return {name: [event.value for event in events.Scalars(name)] for name in names}


def moments(run: Path, kind: str) -> Tensor:
    """Running means of the gradients, linear in their size."""
    state = torch.load(run / "last" / "state.pt", weights_only=True)["optimizer"]["state"]
    return torch.cat([state[number][kind].flatten() for number in sorted(state)])


def assert_same_training(one: Path, two: Path, kind: str) -> None:
    wanted, found = curves(one), curves(two)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert found[name] == pytest.approx(values, rel=1e-4, abs=1e-6), name
    before, after = moments(one, kind), moments(two, kind)
    assert float((after - before).norm() / before.norm()) < 1e-3


@pytest.fixture
def port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_fairclip_in_two_processes(tmp_path: Path, port: int) -> None:
    flags = [*FAIRCLIP, "--data", str(small_run.write_small_data(tmp_path))]
    trained("fairclip", flags, tmp_path / "one")
    said = trained("fairclip", flags, tmp_path / "two", port)
    assert_same_training(tmp_path / "one", tmp_path / "two", "exp_avg")
    assert said.count("epoch 1 of 2: ") == said.count("next: python -m export") == 1
    assert (tmp_path / "two" / "train.log").read_text().count("epoch 2 of 2: ") == 1
    assert len(list((tmp_path / "two" / "tensorboard").iterdir())) == 1
    record = checkpoint.load(tmp_path / "two" / "best").record
    assert record.config["processes"] == 2


def test_fairseg_in_two_processes(tmp_path: Path, port: int) -> None:
    flags = [*FAIRSEG, "--data", str(small_seg_run.write_small_data(tmp_path))]
    trained("fairseg", flags, tmp_path / "one")
    trained("fairseg", flags, tmp_path / "two", port)
    assert_same_training(tmp_path / "one", tmp_path / "two", "momentum_buffer")
