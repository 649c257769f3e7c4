"""The whole training of BLIP-2 on a few images: what moves, resuming, the checkpoint."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from finished_run import assert_same, scalars, state_of
from safetensors.torch import load_file
from small_blip2 import small_blip2_config
from small_run import write_small_data

from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint
from training.blip2.config import Config
from training.blip2.train import train
from training.checkpoint_record import Blip2Record
from training.models.blip2 import restore
from training.predictor import blip2_predict


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(data: Path) -> Config:
    return small_blip2_config(data)


@pytest.fixture(scope="module")
def finished(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs, never stopped."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(config, folder)
    return folder


def test_blip2_moves_all_but_the_tower(finished: Path) -> None:
    after = restore(checkpoint.load(finished / "best"))
    torch.manual_seed(42)
    before = type(after)(after.sizes).state_dict()
    trained = load_file(finished / "best" / "model.safetensors")
    still = {name for name, tensor in before.items() if torch.equal(tensor, trained[name])}
    tower = {name for name in before if name.startswith("vision.")}
    # Keys' biases move all attention weights alike, so they have no gradient beyond rounding.
    assert {name for name in still - tower if not name.endswith("key.bias")} == set()
    assert tower <= still
    assert {n for n, p in after.named_parameters() if not p.requires_grad} == tower - {
        "vision.embeddings.position_ids"
    }


def test_the_blip2_checkpoint_scores_validation_as_its_record_says(
    finished: Path, data: Path
) -> None:
    stored = checkpoint.load(finished / "best")
    record = stored.record
    assert isinstance(record, Blip2Record)
    val = FairVLMed(data, "val")
    outcomes = evaluate(val, blip2_predict(restore(stored), record.prompts), ())
    assert record.selected_on is not None
    assert record.selected_on.value == auc(outcomes.target, outcomes.score)
    assert record.threshold.split_sha256 == val.fingerprint()
    assert outcomes.score.min() < record.threshold.value <= outcomes.score.max()
    assert record.prompts == ("A picture of non-glaucoma", "A picture of glaucoma")


def test_blip2_resumed_after_an_epoch_is_the_run_never_stopped(
    finished: Path, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt_after_an_epoch(message: str) -> None:
        if message.startswith("epoch 1 of 2"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("training.blip2.train.LOG.info", interrupt_after_an_epoch)
        with pytest.raises(KeyboardInterrupt):
            train(config, tmp_path / "run")
    assert state_of(tmp_path / "run")["progress"]["epochs"] == 1
    train(config, tmp_path / "run", resume=True)
    assert_same(state_of(tmp_path / "run"), state_of(finished))
    best = [(f / "best" / "model.safetensors").read_bytes() for f in (finished, tmp_path / "run")]
    assert best[0] == best[1]


def test_blip2_is_not_resumed_along_another_schedule(finished: Path, config: Config) -> None:
    with pytest.raises(UsageError, match="started with epochs 2, not 3"):
        train(replace(config, epochs=3), finished, resume=True)


def test_blip2_is_not_resumed_with_another_vocabulary(
    finished: Path, config: Config, tmp_path: Path
) -> None:
    vocabulary = restore(checkpoint.load(finished / "best")).sizes.vocabulary
    (tmp_path / "vocab.txt").write_text("\n".join((*vocabulary[:-2], *vocabulary[:-3:-1])))
    with pytest.raises(UsageError, match="started with vocabulary"):
        train(replace(config, tokenizer=tmp_path), finished, resume=True)


def test_every_part_of_blip2_s_loss_is_logged_and_adds_up(finished: Path, config: Config) -> None:
    logged = scalars(finished)
    total = [e.value for e in logged["loss/total"]]
    groups = ("race/Black", "race/White")
    for step, value in enumerate(total):
        parts = sum(logged[f"loss/{name}"][step].value for name in ("itc", "itm", "caption"))
        fair = sum(logged[f"sinkhorn/{group}"][step].value for group in groups)
        assert value == pytest.approx(parts + config.fair_lambda * fair, rel=1e-5)
    assert len(total) == 6
    assert [e.step for e in logged["validation/auc"]] == [2, 5]
    assert [e.value for e in logged["lr"]] == pytest.approx([1e-3] * 3 + [5.5e-4] * 3)


def test_blip2_without_the_fair_term_draws_no_groups(config: Config, tmp_path: Path) -> None:
    best = train(replace(config, fair_mode="none", epochs=1), tmp_path / "run")
    assert not any(
        name.startswith(("sinkhorn", "similarity/race")) for name in scalars(best.parent)
    )
    record = checkpoint.load(best).record
    assert isinstance(record, Blip2Record)
    assert (record.fair_mode, record.attributes) == ("none", {})
