"""Simulation and separate processes with TLS: the same bits as in one process; a killed site."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from deployed_federation import ROOT, Federation, has_the_programs
from safetensors.numpy import load_file
from small_federation import hospital_config, lead_here

from training import checkpoint
from training.fairlora.config import Config
from training.fairlora.simulation import simulate

NIH = ROOT.parent / "shared" / "data" / "nih_chest_fairfedmed"
SETTINGS = ('dataset="fairfedmed-chest"', 'attribute="gender"', 'sites="ap pa"')

pytestmark = [
    pytest.mark.flower,
    pytest.mark.skipif(not NIH.is_dir(), reason="the real sites are absent"),
    pytest.mark.skipif(
        not has_the_programs(), reason="flower-superlink, flwr or openssl is absent"
    ),
]


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """A SuperLink with both sites."""
    started = Federation(tmp_path_factory.mktemp("federation"), NIH)
    try:
        for partition in (0, 1):
            started.start_node(partition)
        yield started
    finally:
        started.stop()


def nih_config(**changes: object) -> Config:
    config = replace(hospital_config(NIH), squash=96)
    return replace(config, **changes)  # type: ignore[arg-type]  # names vary by test


def final(folder: Path) -> dict[str, bytes]:
    tensors = load_file(folder / "last" / "state.safetensors")
    return {name: value.tobytes() for name, value in tensors.items()}


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The final global tensors of a run in this process."""
    folder = tmp_path_factory.mktemp("in_process")
    lead_here(nih_config(), folder)
    return final(folder)


# Ray leaves sockets and processes to be collected, and warns of its own defaults.
@pytest.mark.filterwarnings("ignore")
def test_a_simulation_gives_the_same_bits(in_process: dict[str, bytes], tmp_path: Path) -> None:
    simulate(nih_config(state=tmp_path / "sites"), tmp_path, False, "0" * 64)
    assert final(tmp_path) == in_process


def test_separate_processes_give_the_same_bits(
    federation: Federation, in_process: dict[str, bytes], tmp_path: Path
) -> None:
    federation.run(tmp_path / "run", [*SETTINGS, "rounds=2"])
    assert final(tmp_path / "run") == in_process


def test_a_run_goes_on_while_a_site_is_killed_and_comes_back(
    federation: Federation, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    federation.submit(run, [*SETTINGS, "rounds=4", "round_timeout=120"])
    federation.wait_for(run, "round 1 of 4")
    federation.kill("node1")
    federation.start_node(1)
    federation.wait_for(run, "kept round")
    log = (run / "train.log").read_text()
    assert "round 4 of 4" in log
    assert log.count("site pa joined") == 2
    record = checkpoint.load(run / "best").record
    assert record.method == "fairlora"
    assert record.sites == ("ap", "pa")
