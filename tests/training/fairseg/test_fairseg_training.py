"""FairSeg's training on a few images: steps, resuming, the checkpoint, the log."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from finished_run import assert_same, scalars, state_of
from safetensors.torch import load_file
from small_seg_run import SIZE, small_config, write_small_data

from fairness.attributes import RACE
from fairness.datasets.fairseg import FairSeg
from fairness.errors import UsageError
from fairness.evaluate import ask
from fairness.tasks.masks import MaskTask
from training import checkpoint
from training.checkpoint_record import FairSegRecord
from training.fairseg.config import Config, FairMode
from training.fairseg.step import make
from training.fairseg.train import train
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import restore
from training.predictor import torch_masks

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


def test_training_moves_every_parameter_of_transunet(finished: Path, config: Config) -> None:
    before = make(config, GROUPS)[0].network
    after = load_file(finished / "best" / "model.safetensors")
    for name, parameter in before.named_parameters():
        assert not torch.equal(parameter, after[name]), name


def test_samed_keeps_its_encoder_but_for_the_adapters(data: Path, tmp_path: Path) -> None:
    config = replace(small_config(data, "samed"), epochs=1, batch_size=16)
    best = train(config, tmp_path / "run")
    before, after = make(config, GROUPS)[0].network, load_file(best / "model.safetensors")
    frozen = {name for name, p in before.named_parameters() if not p.requires_grad}
    assert any("encoder" in name for name in frozen)
    moved = {n for n, p in before.named_parameters() if not torch.equal(p, after[n])}
    assert not moved & frozen
    trained = {name for name, p in before.named_parameters() if p.requires_grad}
    assert any("encoder" in name for name in trained)  # the adapters
    # Prompts that nobody gives, and the quality of masks that nobody asks for, get no gradient.
    unused = ("prompt_encoder.mask_embed", "point_embed", "not_a_point", "iou_prediction_head")
    assert moved == {name for name in trained if not any(part in name for part in unused)}


def test_the_checkpoint_scores_validation_as_its_record_says(finished: Path, data: Path) -> None:
    stored = checkpoint.load(finished / "best")
    record = stored.record
    assert isinstance(record, FairSegRecord)
    assert (record.image_shape, record.crop, record.fair_mode) == (SIZE, 80, "safe")
    model = restore(stored, record.model)
    predict = torch_masks(model, SegmentationInput(*SIZE, record.crop, model.image_size))
    val = FairSeg(data, "val")
    scores = ask(val, predict, MaskTask(distances=False).read, batch_size=8).values
    assert record.selected_on is not None
    assert record.selected_on.metric == "mean Dice"
    both = [np.mean(scores[name]) for name in ("rim_dice", "cup_dice")]
    assert record.selected_on.value == pytest.approx(np.mean(both))
    assert scalars(finished)["validation/rim_dice"][record.selected_on.epoch - 1].value == (
        pytest.approx(both[0])
    )


@pytest.mark.parametrize("mode", ["safe", "groupdro", "adversarial"])
def test_one_epoch_and_a_resumed_one_are_two_epochs_bit_for_bit(
    mode: FairMode, finished: Path, config: Config, tmp_path: Path
) -> None:
    config = replace(config, fair_mode=mode)
    whole = finished
    if mode != "safe":
        whole = tmp_path / "whole"
        train(config, whole)
    train(replace(config, stop_epoch=1), tmp_path / "parts")
    train(config, tmp_path / "parts", resume=True)
    ours, theirs = state_of(whole), state_of(tmp_path / "parts")
    assert any("dropout" in str(module).lower() for module in make(config, GROUPS)[0].modules())
    assert_same(ours, theirs)
    best = [(f / "best" / "model.safetensors").read_bytes() for f in (whole, tmp_path / "parts")]
    assert best[0] == best[1]
    if mode == "groupdro":
        assert not torch.equal(ours["model"]["objective.q"], torch.full((3,), 1 / 3))
    if mode == "adversarial":
        untrained = make(config, GROUPS)[0].state_dict()
        names = [name for name in untrained if "adversary" in name]
        assert names
        assert all(not torch.equal(untrained[n], ours["model"][n]) for n in names)


def test_a_run_is_not_resumed_with_another_mode(finished: Path, config: Config) -> None:
    with pytest.raises(UsageError, match="started with fair_mode safe, not groupdro"):
        train(replace(config, fair_mode="groupdro"), finished, resume=True)


def test_every_step_is_logged_by_group(finished: Path, data: Path) -> None:
    logged = scalars(finished)
    for name in ("loss/total", "loss/ce", "loss/dice", "lr", "L/White", "w/White"):
        assert [e.step for e in logged[name]] == [0, 1, 2, 3], name
    # 1 Asian in 16: in one of the two batches of an epoch, and absent from the other.
    assert [e.step // 2 for e in logged["L/Asian"]] == [0, 1]
    assert [e.step for e in logged["w/Asian"]] == [e.step for e in logged["L/Asian"]]
    assert all(0 < e.value <= np.tanh(1) + 1e-6 for e in logged["w/White"])
    assert [e.step for e in logged["validation/cup_dice"]] == [1, 3]
    assert "Synthetic images" in (finished / "train.log").read_text()
    assert FairSeg(data, "train").codes["race"].tolist().count(0) == 1


def test_the_rate_warms_up_and_then_decays(config: Config, tmp_path: Path) -> None:
    config = replace(config, warmup=2, epochs=3, optimizer="sgd")
    train(config, tmp_path / "run")
    decay = [(1 - step / 6) ** 0.9 for step in range(6)]
    found = [e.value for e in scalars(tmp_path / "run")["lr"]]
    # It is set after each step: lr (s + 1) / W in the warm-up of W, then it decays from lr on.
    assert found == pytest.approx([5e-4, 5e-4, 1e-3, *(1e-3 * d for d in decay[:3])], rel=1e-5)
    assert state_of(tmp_path / "run")["optimizer"]["param_groups"][0]["lr"] == pytest.approx(
        found[-1]
    )
