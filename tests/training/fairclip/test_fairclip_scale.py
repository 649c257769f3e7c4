"""FairCLIP's step in parts and in fewer bits: the gradient of the whole batch in float32."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_run import small_config, write_small_data
from torch import Tensor

from fairness.datasets.fairvlmed import FairVLMed
from training.fairclip.__main__ import run
from training.fairclip.config import Config
from training.fairclip.encoder import Encoder
from training.fairclip.objective import step_loss
from training.fairclip.pairs import Pairs, make_objective
from training.fairclip.train import build, train
from training.scale_settings import Precision


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return small_config(write_small_data(tmp_path_factory.mktemp("data")))


def gradient(config: Config) -> tuple[float, Tensor]:
    """Loss and gradient of a first step on 11 pairs, with the fair term heavy enough to be felt."""
    config = replace(config, fair_lambda=1000.0)
    split = FairVLMed(config.data, "train", text_source="note")
    model, _ = build(config)
    encoder = Encoder(model, Pairs(split, 96, 512), config.precision, config.micro_batch)
    objective = make_objective(config, config.seed, split, np.arange(len(split)))
    loss, scalars = step_loss(encoder, objective, 0, np.arange(11))
    assert loss.dtype == torch.float32
    torch.autograd.backward(loss)
    found = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    assert {part.dtype for part in found} == {torch.float32}
    return scalars["loss/total"], torch.cat(found)


@pytest.mark.parametrize("group_grad", ["off", "on"])
def test_parts_give_the_gradient_of_the_whole_batch(
    config: Config, group_grad: Literal["off", "on"]
) -> None:
    chosen = replace(config, group_grad=group_grad)
    loss, wanted = gradient(chosen)
    found, got = gradient(replace(chosen, micro_batch=3))
    assert found == pytest.approx(loss, rel=1e-6)
    assert float((got - wanted).norm() / wanted.norm()) < 1e-5


@pytest.mark.parametrize(("precision", "most"), [("bf16", 0.1), ("fp16", 0.02)])
def test_fewer_bits_point_the_same_way(config: Config, precision: Precision, most: float) -> None:
    loss, wanted = gradient(config)
    found, got = gradient(replace(config, precision=precision))
    assert found == pytest.approx(loss, rel=0.05)
    away = float((got - wanted).norm() / wanted.norm())
    assert 0 < away < most


@pytest.mark.further
def test_a_resumed_run_in_bf16_and_parts_ends_in_the_same_bytes(
    config: Config, tmp_path: Path
) -> None:
    config = replace(config, precision="bf16", micro_batch=3, epochs=2)
    once = train(config, tmp_path / "once")
    train(replace(config, epochs=1), tmp_path / "twice")
    twice = train(config, tmp_path / "twice", resume=True)
    files = [folder / "model.safetensors" for folder in (once, twice)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert {tensor.dtype for tensor in load_file(files[0]).values()} == {torch.float32}


def test_a_run_without_its_launcher_is_refused(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tiny", "--data", str(config.data), "--out", str(tmp_path / "run")]
    assert run([*flags, "--processes", "2"]) == 2
    assert "--processes is 2, but 1 was launched: launch it by" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
