"""FairSeg's step in parts: every fair mode keeps the meaning of its batch."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from small_seg_run import small_config, write_small_data
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from training.fairseg.config import Config, FairMode
from training.fairseg.step import make, take_step
from training.fairseg.train import train
from training.precision import gradient_scaler
from training.processes import Processes

GROUPS = ("Asian", "Black", "White")


def gradient(config: Config) -> tuple[dict[str, float], Tensor]:
    """Loss and gradient of a first step on random crops of three groups."""
    both, optimizer = make(config, GROUPS)
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(256, (8, 80, 80), generator=draw, dtype=torch.uint8)
    masks = torch.randint(3, (8, 80, 80), generator=draw, dtype=torch.uint8)
    codes = torch.tensor([0, 1, 2, 2, 2, 2, -1, 1])
    scaler = gradient_scaler(both.device, config.precision)
    both.train()
    scalars = take_step(both, optimizer, scaler, Processes(), config, images, masks, codes)
    found = [p.grad.flatten() for p in both.parameters() if p.grad is not None]
    return scalars, torch.cat(found)


@pytest.mark.parametrize("mode", get_args(FairMode))
def test_parts_give_the_gradient_of_the_whole_batch(mode: FairMode) -> None:
    config = replace(small_config(Path("none"), "samed"), fair_mode=mode)
    scalars, wanted = gradient(config)
    found, got = gradient(replace(config, micro_batch=3))
    assert found == pytest.approx(scalars, rel=1e-5)
    assert float((got - wanted).norm() / wanted.norm()) < 1e-4


class Operators(TorchDispatchMode):
    """Names of all that torch computes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("mode", get_args(FairMode))
def test_no_loss_uses_what_a_gpu_cannot_repeat(mode: FairMode) -> None:
    with Operators() as seen:
        gradient(replace(small_config(Path("none"), "samed"), fair_mode=mode))
    assert {name for name in seen.names if "nll_loss2d" in name} == set()
    assert "nll_loss_backward" in seen.names


def test_bf16_keeps_weights_and_loss_in_float32() -> None:
    config = small_config(Path("none"), "samed")
    scalars, wanted = gradient(config)
    found, got = gradient(replace(config, precision="bf16"))
    assert got.dtype == torch.float32
    assert found["loss/total"] == pytest.approx(scalars["loss/total"], rel=0.05)
    assert 0 < float((got - wanted).norm() / wanted.norm()) < 0.2


def test_batch_norms_of_parts_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = replace(small_config(write_small_data(tmp_path)), epochs=1, micro_batch=4)
    train(config, tmp_path / "run")
    assert "batch norms of transunet see 4 images at a time, not 8" in caplog.text
