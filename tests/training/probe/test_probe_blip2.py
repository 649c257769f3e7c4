"""A head on BLIP-2: the mean over its queries, frozen or trained."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_blip2 import random_blip2
from small_run import write_small_data

from export.__main__ import run as export
from export.reference import predictor_of
from fairness.contract import Threshold
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint, settings
from training.checkpoint_record import Blip2Record, HeadRecord
from training.finetune.config import Config as Finetune
from training.finetune.train import train as finetune
from training.probe.config import Config
from training.probe.train import train


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of BLIP-2 with random weights."""
    folder, model = tmp_path_factory.mktemp("blip2"), random_blip2()
    record = Blip2Record(
        preset="tiny",
        threshold=Threshold(value=0.5, rule="youden", split="val", split_sha256="ab"),
        dataset="fairvlmed",
        target="glaucoma",
        attribute="gender",
    )
    checkpoint.save(folder / "best", model.state_dict(), asdict(model.sizes), record)
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, backbone: Path) -> Config:
    defaults = settings.read(Config, settings.CONFIGS / "probe.yaml", "tiny", "tiny")
    data = write_small_data(tmp_path_factory.mktemp("data"))
    few = replace(defaults, epochs=4, batch_size=8, evaluate_every=2)
    return replace(few, data=data, backbone=backbone)


def test_a_probe_on_blip2_sees_the_mean_of_its_queries(config: Config, tmp_path: Path) -> None:
    stored = checkpoint.load(train(config, tmp_path))
    val, blip2 = FairVLMed(config.data, "val"), random_blip2()
    images = np.stack([val.read(i).image for i in range(len(val))])
    with torch.no_grad():
        queries = blip2.look(blip2.patches(blip2.squash(torch.from_numpy(images))))
    with np.load(tmp_path / "features" / "val.npz") as arrays:
        np.testing.assert_allclose(arrays["values"], queries.mean(dim=1).numpy(), atol=1e-4)
    record = stored.record
    assert isinstance(record, HeadRecord)
    assert record.attribute == "gender"
    assert record.backbone.endswith("(blip2, paper mode, tiny)")
    outcomes = evaluate(val, predictor_of(stored, val), ())
    assert record.selected_on is not None
    assert record.selected_on.value == pytest.approx(auc(outcomes.target, outcomes.score))


def test_finetune_of_blip2_trains_what_looks_at_the_image(config: Config, tmp_path: Path) -> None:
    defaults = settings.read(Finetune, settings.CONFIGS / "finetune.yaml", "tiny", "tiny")
    few = replace(defaults, data=config.data, backbone=config.backbone, epochs=1, batch_size=8)
    after = checkpoint.load(finetune(few, tmp_path)).tensors
    before = {f"encoder.blip2.{name}": x for name, x in random_blip2().state_dict().items()}
    moved = {n.split(".")[2] for n, x in before.items() if not torch.equal(x, after[n])}
    assert moved == {"query_tokens", "ln_vision", "qformer"}


def test_a_probe_on_blip2_takes_no_notes(config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only those of the image are taken"):
        train(replace(config, features="image-text"), tmp_path)


@pytest.mark.methods
def test_a_probe_on_blip2_is_exported(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(config, tmp_path / "run")
    assert export([str(tmp_path / "run"), "--repository", str(tmp_path / "models")]) == 0
    assert "probe (linear head on image)" in capsys.readouterr().out
