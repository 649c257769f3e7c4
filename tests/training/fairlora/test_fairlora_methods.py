"""The baselines, trained as FairLoRA is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from small_federation import final, hospital_config, lead_here, rebuild, write_hospitals

from training import checkpoint
from training.fairlora import packing
from training.fairlora.architecture import start_model
from training.fairlora.config import Config, Method
from training.fairlora.site import Site
from training.fairlora.task import train_epoch
from training.models.fairlora import FairLoRAConfig

pytestmark = pytest.mark.further


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hospitals(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(root: Path) -> Config:
    return hospital_config(root)


@pytest.mark.parametrize("method", ["fedavg", "fedprox", "promptfl", "fedotp", "lora", "svlora"])
def test_each_baseline_trains_and_is_saved(method: Method, config: Config, tmp_path: Path) -> None:
    other = replace(config, method=method, rounds=1)
    lead_here(other, tmp_path)
    stored = checkpoint.load(tmp_path / "best")
    assert stored.record.method == "fairlora"
    assert stored.record.variant == method
    start = start_model(other, packing.read(FairLoRAConfig, stored.architecture, "test"))
    moved = [
        name for name, value in start.state_dict().items()
        if not torch.equal(value, stored.tensors[name])
    ]  # fmt: skip
    assert set(moved) == set(start.trainable_state())
    assert any("visual" in name for name in moved) is (method not in ("promptfl", "fedotp"))


def test_fedprox_without_its_term_is_fedavg_and_with_it_stays_closer(
    config: Config, tmp_path: Path
) -> None:
    def distance(**changes: object) -> tuple[float, dict[str, bytes]]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        run = replace(config, rounds=1, lr=1e-4, **changes)  # type: ignore[arg-type]  # as above
        lead_here(run, folder)
        model = start_model(run, rebuild(folder, run).config)
        end = load_file(folder / "last" / "state.safetensors")
        moves = [np.square(end[n] - t.numpy()).sum() for n, t in model.trainable_state().items()]
        return float(np.sqrt(np.sum(moves))), final(folder)

    average, bits = distance(method="fedavg")
    assert distance(method="fedprox", mu=0.0) == (average, bits)
    assert distance(method="fedprox", mu=100.0)[0] < average


def test_fedotp_keeps_the_second_prompt_at_each_site(config: Config, tmp_path: Path) -> None:
    lead_here(replace(config, method="fedotp", rounds=1), tmp_path)
    shared = load_file(tmp_path / "last" / "state.safetensors")["prompts.ctx"]
    assert len(shared) == 1
    prompts = [
        checkpoint.load(tmp_path / f"best-{site}").tensors["prompts.ctx"].numpy()
        for site in config.sites
    ]
    assert not np.array_equal(prompts[0][1], prompts[1][1])
    for both in prompts:
        np.testing.assert_array_equal(both[:1], shared)


@pytest.mark.parametrize(("method", "sites"), [("local", ("mimic",)), ("centralised", ())])
def test_local_and_centralised_training_are_federations_of_one(
    method: Method, sites: tuple[str, ...], config: Config, root: Path, tmp_path: Path
) -> None:
    one = hospital_config(root, method=method, sites=sites, rounds=1)
    lead_here(one, tmp_path)
    site = Site(one, sites or ("chexpert", "mimic"))
    model = start_model(one, rebuild(tmp_path, one).config)
    train_epoch(model, site, one, done=0, partition=0)
    alone = {name: t.numpy().tobytes() for name, t in model.trainable_state().items()}
    assert final(tmp_path) == alone
