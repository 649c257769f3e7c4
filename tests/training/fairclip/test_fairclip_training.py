"""The whole training on a few images: steps, resuming, the checkpoint, the command."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from small_run import small_config, write_small_data

# tensorboard ships no types
from tensorboard.backend.event_processing import event_accumulator  # type: ignore[import-untyped]

from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError, UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord
from training.fairclip.__main__ import run
from training.fairclip.config import Config
from training.fairclip.train import build, train
from training.models.clip import restore
from training.models.prompts import tokenize
from training.predictor import torch_predict


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
    train(replace(config, epochs=2), folder)
    return folder


def test_training_moves_what_is_trained_and_nothing_else(finished: Path, config: Config) -> None:
    before = build(config)[0]
    after = load_file(finished / "best" / "model.safetensors")
    for name, parameter in before.named_parameters():
        assert torch.equal(parameter, after[name]) is not parameter.requires_grad, name


def test_train_all_gives_every_parameter_to_the_optimiser(config: Config) -> None:
    model, optimizer = build(replace(config, train_all=True))
    given = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert given == {id(parameter) for parameter in model.parameters()}


def test_the_checkpoint_scores_validation_as_its_record_says(finished: Path, data: Path) -> None:
    stored = checkpoint.load(finished / "best")
    model, record = restore(stored), stored.record
    assert isinstance(record, FairCLIPRecord)
    with torch.no_grad():
        predict = torch_predict(model, model.encode_text(tokenize(record.prompts)))
    val = FairVLMed(data, "val")
    outcomes = evaluate(val, predict, ())
    assert record.selected_on is not None
    assert record.selected_on.value == auc(outcomes.target, outcomes.score)
    assert record.threshold.split_sha256 == val.fingerprint()
    assert (record.threshold.rule, record.threshold.split) == ("youden", "val")
    assert outcomes.score.min() < record.threshold.value <= outcomes.score.max()


def test_one_epoch_and_a_resumed_one_are_two_epochs_bit_for_bit(
    finished: Path, config: Config, tmp_path: Path
) -> None:
    train(config, tmp_path)
    train(replace(config, epochs=2), tmp_path, resume=True)
    states = [
        torch.load(folder / "last" / "state.pt", weights_only=True)
        for folder in (finished, tmp_path)
    ]
    assert states[0]["progress"] == states[1]["progress"]
    for name, value in states[0]["model"].items():
        assert torch.equal(value, states[1]["model"][name]), name
    for number, moments in states[0]["optimizer"]["state"].items():
        for name, value in moments.items():
            assert torch.equal(value, states[1]["optimizer"]["state"][number][name])
    best = [(folder / "best" / "model.safetensors").read_bytes() for folder in (finished, tmp_path)]
    assert best[0] == best[1]


def test_resuming_a_finished_run_changes_nothing(finished: Path, config: Config) -> None:
    before = (finished / "best" / "model.safetensors").read_bytes()
    train(replace(config, epochs=2), finished, resume=True)
    assert (finished / "best" / "model.safetensors").read_bytes() == before


def test_a_run_is_not_resumed_with_other_settings(finished: Path, config: Config) -> None:
    with pytest.raises(UsageError, match=r"started with lr 0\.001, not 0\.002"):
        train(replace(config, epochs=2, lr=2e-3), finished, resume=True)


def test_a_run_is_not_resumed_on_other_data(finished: Path, config: Config, tmp_path: Path) -> None:
    other = write_small_data(tmp_path)
    (other / "Training" / "data_00001.npz").unlink()
    with pytest.raises(UsageError, match="started with data"):
        train(replace(config, epochs=2, data=other), finished, resume=True)


def test_a_damaged_state_is_named(finished: Path, config: Config, tmp_path: Path) -> None:
    content = (finished / "last" / "state.pt").read_bytes()
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "state.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"state\.pt: damaged"):
        train(config, tmp_path, resume=True)


def test_every_step_is_logged_by_group(finished: Path) -> None:
    events = event_accumulator.EventAccumulator(str(finished / "tensorboard"))
    events.Reload()
    steps = {name: [e.step for e in events.Scalars(name)] for name in events.Tags()["scalars"]}
    assert steps.pop("validation/auc") == [2, 5]
    groups = ("race/Black", "race/White")
    assert set(steps) == {
        "loss/total",
        "loss/clip",
        "loss/fair",
        "similarity/batch",
        *(f"similarity/{group}" for group in groups),
        *(f"sinkhorn/{group}" for group in groups),
    }
    assert all(numbers == list(range(6)) for numbers in steps.values())
    assert "Synthetic images" in (finished / "train.log").read_text()


def test_a_loss_that_is_not_finite_stops_the_training(config: Config, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="training diverged: loss/total is"):
        train(replace(config, fair_lambda=math.inf), tmp_path)


def test_label_texts_need_no_notes(config: Config, tmp_path: Path) -> None:
    data = write_small_data(tmp_path)
    for table in data.glob("*.csv"):
        table.unlink()
    for file in data.glob("*/*.npz"):
        with np.load(file) as arrays:
            without = {key: arrays[key] for key in arrays.files if not key.startswith("note")}
        np.savez(file, **without)
    with pytest.raises(DataError, match="note is missing or empty"):
        train(replace(config, data=data), tmp_path / "run")
    best = train(replace(config, data=data, text_source="label"), tmp_path / "run")
    record = checkpoint.load(best).record
    assert isinstance(record, FairCLIPRecord)
    assert record.text_source == "label"


def test_an_attribute_unknown_everywhere_leaves_the_loss_of_clip(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = write_small_data(tmp_path)
    for file in data.glob("*/*.npz"):
        with np.load(file) as arrays:
            np.savez(file, **{**arrays, "race": np.int64(-1)})
    train(replace(config, data=data), tmp_path / "run")
    assert "no training sample has race Asian, Black, White" in caplog.text
    events = event_accumulator.EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    total, clip = (events.Scalars(name) for name in ("loss/total", "loss/clip"))
    assert [e.value for e in total] == [e.value for e in clip]


def test_the_command_trains_and_says_what_comes_next(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tiny", "--epochs", "1", "--batch-size", "12", "--data", str(data)]
    out = tmp_path / "run"
    assert run([*flags, "--out", str(out)]) == 0
    shown = capsys.readouterr().err
    assert f"next: python -m export {out}" in shown
    assert json.loads((out / "best" / "checkpoint.json").read_text())["record"]["preset"] == "tiny"
    assert run([*flags, "--out", str(out)]) == 2
    assert "already holds a run: add --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--data", "nowhere"], 3, "nowhere"),
        (["--preset", "vit-b16", "--weights", "no/such/folder"], 2, "hf download"),
        (["--attribute", "rase"], 2, "no attribute 'rase'"),
        (["--lr", "0"], 2, "lr = 0.0"),
        (["--config", "nowhere.yaml"], 2, "nowhere.yaml"),
    ],
)
def test_mistakes_end_in_one_line_and_a_code(
    flags: list[str], code: int, message: str, data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fairvlmed").symlink_to(data)
    capsys.readouterr()
    assert run(flags) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last
