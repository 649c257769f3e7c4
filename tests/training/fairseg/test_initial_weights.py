"""Where a run starts: another run's checkpoint or SAMed's own file, if they fit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from finished_run import assert_same
from safetensors.torch import load_file
from small_seg_run import small_config, write_small_data

from fairness.attributes import RACE
from fairness.errors import DataError, UsageError
from training.fairseg.config import Config
from training.fairseg.step import make
from training.fairseg.train import train

GROUPS = RACE.groups


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(data: Path) -> Config:
    return small_config(data)


@pytest.fixture(scope="module")
def finished(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs, never stopped."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(config, folder)
    return folder


def test_another_run_s_best_checkpoint_is_where_a_fine_tuning_starts(
    finished: Path, config: Config, tmp_path: Path
) -> None:
    started = make(replace(config, start=finished), GROUPS)[0].network.state_dict()
    assert_same(dict(started), load_file(finished / "best" / "model.safetensors"))
    best = train(replace(config, start=finished, epochs=1, lr=1e-9), tmp_path / "run")
    assert "from " + str(finished) in (tmp_path / "run" / "train.log").read_text()
    moved = load_file(best / "model.safetensors")["segmentation_head.0.weight"]
    torch.testing.assert_close(moved, started["segmentation_head.0.weight"], atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": "samed"}, UsageError, "holds a transunet, not a samed"),
        ({"preset": "full"}, UsageError, "holds a transunet of another size; use its --preset"),
        ({"weights": Path("w.npz")}, UsageError, "--start and --weights both"),
        ({"start": None, "lora": Path("w.pth")}, DataError, "w.pth: no such file"),
        ({"start": None, "lora": Path(__file__)}, UsageError, "a transunet has no adapters"),
        ({"start": None, "image_size": 70}, UsageError, "image_size 70 must be divisible"),
        ({"start": Path("nowhere")}, DataError, "nowhere/best/checkpoint.json"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(
    changes: dict[str, Any], error: type[Exception], message: str, finished: Path, config: Config
) -> None:
    with pytest.raises(error, match=message):
        make(replace(config, **{"start": finished} | changes), GROUPS)


def test_samed_s_own_file_is_written_beside_its_checkpoint_and_read_by_lora(
    config: Config, tmp_path: Path
) -> None:
    samed = replace(config, model="samed", epochs=1, fair_mode="none", image_size=64)
    best = train(samed, tmp_path / "run")
    trained = load_file(best / "model.safetensors")
    other = replace(samed, lora=best / "samed_lora.pth", seed=1)
    network = make(other, GROUPS)[0].network
    assert network.image_size == 64
    for name, parameter in network.named_parameters():
        same = torch.equal(parameter, trained[name])
        assert same or not parameter.requires_grad, name
    assert not torch.equal(
        network.state_dict()["vision_encoder.pos_embed"], trained["vision_encoder.pos_embed"]
    ), "what was frozen comes from --weights, here from another seed"
