"""A whole probe on a few images: its checkpoint, its kept features, its command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_run import small_config, write_small_data

from export.reference import predictor_of
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError, UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint, settings
from training.checkpoint_record import HeadRecord
from training.fairclip.train import train as train_fairclip
from training.models.classifier import restore
from training.models.encoder import ClipEncoder
from training.probe.__main__ import run
from training.probe.config import Config
from training.probe.train import train


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(data: Path) -> Config:
    defaults = settings.read(Config, settings.CONFIGS / "probe.yaml", "tiny", "tiny")
    return replace(defaults, data=data, epochs=30, batch_size=8, evaluate_every=10)


@pytest.fixture(scope="module")
def finished(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(config, folder)
    return folder


def test_the_probe_scores_validation_as_its_record_says(finished: Path, data: Path) -> None:
    stored = checkpoint.load(finished / "best")
    record = stored.record
    assert isinstance(record, HeadRecord)
    val = FairVLMed(data, "val")
    outcomes = evaluate(val, predictor_of(stored, val), ())
    assert record.selected_on is not None
    assert record.selected_on.value == pytest.approx(auc(outcomes.target, outcomes.score))
    assert record.selected_on.epoch in (10, 20, 30)
    assert record.threshold.split_sha256 == val.fingerprint()
    assert record.backbone == "tiny with random weights"


def test_the_encoder_of_a_probe_stays_as_it_was(
    finished: Path, config: Config, tmp_path: Path
) -> None:
    one = checkpoint.load(train(replace(config, epochs=10, base_lr=1.0), tmp_path)).tensors
    other = checkpoint.load(finished / "best").tensors
    differing = {name for name in one if not torch.equal(one[name], other[name])}
    assert "head.linear.weight" in differing
    assert {name.split(".")[0] for name in differing} == {"head"}


def test_a_stopped_probe_goes_on_as_if_never_stopped(
    finished: Path, config: Config, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    stops = 0

    def stopping(*_: object) -> None:
        nonlocal stops
        stops += 1
        if stops == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.runlog.RunLog.scalars", stopping)
        with pytest.raises(KeyboardInterrupt):
            train(config, out)
    assert not (out / "best").exists()
    kept = (out / "features" / "train.npz").stat().st_mtime_ns
    train(config, out, resume=True)
    assert (out / "features" / "train.npz").stat().st_mtime_ns == kept
    best = [(folder / "best" / "model.safetensors").read_bytes() for folder in (finished, out)]
    assert best[0] == best[1]


def test_kept_features_of_another_encoder_are_not_used(config: Config, tmp_path: Path) -> None:
    few = replace(config, epochs=1)
    train(few, tmp_path / "run")
    with np.load(tmp_path / "run" / "features" / "train.npz") as arrays:
        first = arrays["values"]
    (tmp_path / "other").mkdir()
    (tmp_path / "run" / "features").rename(tmp_path / "other" / "features")
    train(replace(few, seed=1), tmp_path / "other")
    with np.load(tmp_path / "other" / "features" / "train.npz") as arrays:
        assert not np.allclose(arrays["values"], first)


def test_damaged_features_are_computed_anew(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "val.npz").write_bytes(b"PK no archive")
    train(replace(config, epochs=1), tmp_path)
    assert "val.npz cannot be read: its features are computed anew" in caplog.text
    with np.load(tmp_path / "features" / "val.npz") as arrays:
        assert arrays["values"].shape == (12, 64)


def test_a_probe_on_a_fairclip_run_has_its_encoder(
    config: Config, data: Path, tmp_path: Path
) -> None:
    train_fairclip(small_config(data), tmp_path / "clip")
    best = train(replace(config, epochs=1, backbone=tmp_path / "clip"), tmp_path / "probe")
    clip, stored = checkpoint.load(tmp_path / "clip" / "best"), checkpoint.load(best)
    found = restore(stored).encoder
    assert isinstance(found, ClipEncoder)
    encoder = found.clip.state_dict()
    assert all(torch.equal(tensor, encoder[name]) for name, tensor in clip.tensors.items())
    assert isinstance(stored.record, HeadRecord)
    assert stored.record.backbone == f"{tmp_path / 'clip'} (fairclip, paper mode, tiny)"
    assert stored.record.attribute == "race"


def test_a_probe_on_a_probe_is_refused(finished: Path, config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a model of probe, whose encoder no head fits on"):
        train(replace(config, backbone=finished), tmp_path)


def test_a_probe_that_diverges_is_stopped(config: Config, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="probe diverged in epoch"):
        train(replace(config, base_lr=1e38), tmp_path)


def test_the_probe_command_says_what_a_small_split_means_and_what_comes_next(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tiny", "--epochs", "2", "--data", str(data), "--select-on", "last"]
    out = tmp_path / "run"
    assert run([*flags, "--out", str(out)]) == 0
    shown = capsys.readouterr().err
    assert "24 samples do not fill a batch of 512: each step takes all of them" in shown
    assert "kept epoch 2, the last: validation AUC" in shown
    assert f"next: python -m export {out}" in shown
    record = json.loads((out / "best" / "checkpoint.json").read_text())["record"]
    assert (record["method"], record["selected_on"]["rule"]) == ("probe", "last")
