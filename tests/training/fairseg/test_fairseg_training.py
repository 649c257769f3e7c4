"""The whole FairSeg training on a few images: steps, resuming, the checkpoint, the command."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_seg_run import SIZE, rewrite, small_config, write_small_data

# tensorboard ships no types
from tensorboard.backend.event_processing import event_accumulator  # type: ignore[import-untyped]

from fairness.attributes import RACE
from fairness.datasets.fairseg import FairSeg
from fairness.errors import DataError, UsageError
from fairness.evaluate import score, to_case_outcomes
from fairness.mask_scores import score_masks
from fairness.samples import batched
from training import checkpoint
from training.fairseg import __main__ as fairseg
from training.fairseg.fair_loss import FairMode
from training.fairseg import run, train
from training.fairseg.config import Config
from training.fairseg.validation import keep_best
from training.models.segmentation_input import SegmentationInput
from training.models.segmenter import restore
from training.predictor import torch_masks
from training.checkpoint_record import FairSegRecord
from training.resume import Progress
from training.fairseg.step import make

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


def scalars(folder: Path) -> dict[str, list[Any]]:
    events = event_accumulator.EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {name: events.Scalars(name) for name in events.Tags()["scalars"]}


def state_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(folder / "last" / "state.pt", weights_only=True)
    return found


def assert_same(ours: object, theirs: object) -> None:
    """Equal to the last bit, however nested."""
    if isinstance(ours, torch.Tensor):
        assert torch.equal(ours, theirs)  # type: ignore[arg-type]  # then it is a tensor, too
    elif isinstance(ours, Mapping):
        assert isinstance(theirs, Mapping)
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            assert_same(value, theirs[key])
    else:
        assert ours == theirs


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
    rows = score(
        batched(FairSeg(data, "val"), 8), predict, lambda b, a: score_masks(a, b.targets, False)
    )
    scores = to_case_outcomes((row for batch in rows for row in batch), ()).scores
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


def change_image(root: Path, number: int, fault: str) -> None:
    """Make one image of the training (2) or validation split (18) unusable."""
    file = root / f"data_{number:05d}.npz"
    with np.load(file) as arrays:
        image, mask = arrays["slo_fundus"], arrays["disc_cup_mask"]
    if fault == "mask-less":
        rewrite(file, disc_cup_mask=None)
    elif fault == "float":
        rewrite(file, slo_fundus=image / 255)
    elif fault == "too small":
        rewrite(file, slo_fundus=image[:30, :30], disc_cup_mask=mask[:30, :30])
    else:
        rewrite(file, slo_fundus=image[:, :90], disc_cup_mask=mask[:, :90])


@pytest.mark.parametrize("number", [2, 18])
@pytest.mark.parametrize("fault", ["mask-less", "float", "too small", "non-square, other size"])
def test_an_unusable_image_is_one_line_or_left_out(
    fault: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    root = write_small_data(tmp_path)
    change_image(root, number, fault)
    scored: list[int] = []
    monkeypatch.setattr(fairseg, "take_step", lambda *_: {"loss/total": 0.0})

    def counting(*arguments: Any) -> tuple[Progress, dict[str, float]]:
        scored.append(len(arguments[3]))
        return keep_best(*arguments)

    monkeypatch.setattr(fairseg, "keep_best", counting)
    flags = ["--preset", "tiny", "--epochs", "1", "--crop", "64", "--data", str(root)]
    assert run([*flags, "--out", str(tmp_path / "run")]) == 3
    lines = [x for x in capsys.readouterr().err.splitlines() if x.startswith("training: ")]
    assert len(lines) == 1
    assert f"data_{number:05d}" in lines[0]
    assert run([*flags, "--on-error", "skip", "--out", str(tmp_path / "skipped")]) == 0
    assert scored == [6 - (number == 18)]


def test_the_command_trains_and_says_what_comes_next(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tiny", "--epochs", "1", "--crop", "64", "--data", str(data)]
    assert run([*flags, "--model", "transunet-r50", "--out", str(tmp_path / "run")]) == 0
    assert f"next: python -m export {tmp_path / 'run'}" in capsys.readouterr().err
    document = json.loads((tmp_path / "run" / "best" / "checkpoint.json").read_text())
    assert document["record"]["model"] == "transunet-r50"
    assert document["architecture"]["backbone"] == "r50"


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--data", "nowhere"], 3, "nowhere"),
        (["--attribute", "rase"], 2, "no attribute 'rase'"),
        (["--weights", "nowhere.npz"], 3, "nowhere.npz: no such file"),
        (["--crop", "97"], 3, "96 x 112 is smaller than the crop of 97"),
        (["--model", "unet"], 2, "unet"),
    ],
)
def test_mistakes_end_in_one_line_and_a_code(
    flags: list[str], code: int, message: str, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    asked = ["--preset", "tiny", "--out", str(tmp_path / "run")]
    if "--data" not in flags:
        asked += ["--data", str(data)]
    assert run([*asked, *flags]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last
