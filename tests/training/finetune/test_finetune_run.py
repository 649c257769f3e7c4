"""Fine-tuning on a few images: what moves, what is kept, and how a run goes on."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from finished_run import assert_same, scalars, state_of
from small_run import small_config, write_small_data

from export.reference import predictor_of
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError, UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint, settings
from training.backbone import open_encoder
from training.checkpoint_record import HeadRecord
from training.fairclip.train import train as train_fairclip
from training.finetune.__main__ import run
from training.finetune.config import Config
from training.finetune.train import build, train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(data: Path) -> Config:
    defaults = settings.read(Config, settings.CONFIGS / "finetune.yaml", "tiny", "tiny")
    return replace(defaults, data=data, epochs=1, batch_size=8)


@pytest.fixture(scope="module")
def finished(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs, never stopped."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(replace(config, epochs=2), folder)
    return folder


def moved(config: Config, folder: Path) -> set[str]:
    """Names of what a run changed."""
    before = build(config, open_encoder(config)[0])[0].state_dict()
    after = checkpoint.load(folder / "best").tensors
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_finetune_moves_the_image_tower_and_the_head(finished: Path, config: Config) -> None:
    names = [name.removeprefix("encoder.clip.towers.") for name in moved(config, finished)]
    parts = {name.removeprefix("head.").split(".")[0] for name in names}
    assert parts == {"vision_model", "visual_projection", "linear", "norm"}


def test_finetune_on_notes_moves_the_text_blocks_too(config: Config, tmp_path: Path) -> None:
    reading = replace(config, features="image-text")
    train(reading, tmp_path)
    names = moved(reading, tmp_path)
    text = {".".join(name.split(".")[3:5]) for name in names if ".text_" in name}
    assert text == {"text_model.encoder"}


def test_finetune_scores_validation_as_its_record_says(finished: Path, data: Path) -> None:
    stored = checkpoint.load(finished / "best")
    record = stored.record
    assert isinstance(record, HeadRecord)
    assert (record.method, record.head) == ("finetune", "linear")
    val = FairVLMed(data, "val")
    outcomes = evaluate(val, predictor_of(stored, val), ())
    assert record.selected_on is not None
    assert record.selected_on.value == pytest.approx(auc(outcomes.target, outcomes.score))
    logged = [event.value for event in scalars(finished)["validation/auc"]]
    assert record.selected_on.value == pytest.approx(max(logged))


def test_one_epoch_of_finetune_and_a_resumed_one_are_two(
    finished: Path, config: Config, tmp_path: Path
) -> None:
    train(config, tmp_path)
    train(replace(config, epochs=2), tmp_path, resume=True)
    assert_same(state_of(finished), state_of(tmp_path))


def test_finetune_from_a_fairclip_run_starts_there(
    config: Config, data: Path, tmp_path: Path
) -> None:
    train_fairclip(small_config(data), tmp_path / "clip")
    few = replace(config, backbone=tmp_path / "clip", lr=1e-12)
    stored = checkpoint.load(train(few, tmp_path / "run"))
    start = checkpoint.load(tmp_path / "clip" / "best").tensors
    assert isinstance(stored.record, HeadRecord)
    assert stored.record.attribute == "race"
    for name, tensor in start.items():
        torch.testing.assert_close(stored.tensors[f"encoder.clip.{name}"], tensor)
    with pytest.raises(UsageError, match="started with encoder"):
        train(replace(few, backbone=None, epochs=2), tmp_path / "run", resume=True)


def test_finetune_that_diverges_is_stopped(config: Config, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"diverged; lower --lr|not finite"):
        train(replace(config, lr=1e30, head_lr=1e30, epochs=3), tmp_path)


def test_the_finetune_command_says_what_comes_next(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tiny", "--epochs", "1", "--batch-size", "8", "--data", str(data)]
    out = tmp_path / "run"
    assert run([*flags, "--out", str(out), "--select-on", "last"]) == 0
    shown = capsys.readouterr().err
    assert "kept epoch 1, the last: validation AUC" in shown
    assert f"next: python -m export {out}" in shown
