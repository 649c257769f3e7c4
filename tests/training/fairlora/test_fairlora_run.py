"""FairLoRA runs in one process: what moves, the checkpoint, resuming."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from flwr.app import Context, Message
from small_federation import final, hospital_config, lead_here, rebuild, write_hospitals

from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.errors import DataError, UsageError
from fairness.evaluate import evaluate
from fairness.metrics.classification import auc
from training import checkpoint
from training.fairlora import packing
from training.fairlora.architecture import start_model
from training.fairlora.client_app import app
from training.fairlora.config import Config
from training.fairlora.task import predict_by_group
from training.models.fairlora import FairLoRAConfig


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hospitals(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(root: Path) -> Config:
    return hospital_config(root)


@pytest.fixture(scope="module")
def finished(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two rounds, never stopped."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    lead_here(config, folder)
    return folder


def test_what_is_trained_moves_and_the_rest_keeps_every_bit(finished: Path, config: Config) -> None:
    stored = checkpoint.load(finished / "best")
    start = start_model(config, packing.read(FairLoRAConfig, stored.architecture, "test"))
    trained = start.trainable_state().keys()
    assert set(final(finished)) == trained
    for name, before in start.state_dict().items():
        assert torch.equal(before, stored.tensors[name]) is (name not in trained), name


def test_the_checkpoint_scores_pooled_validation_as_its_record_says(
    finished: Path, config: Config, root: Path
) -> None:
    record = checkpoint.load(finished / "best").record
    assert record.method == "fairlora"
    assert record.sites == ("chexpert", "mimic")
    assert record.groups == ("Female", "Male")
    val = FairFedMedChest(root, "val", attribute="gender", shape=(24, 24))
    outcomes = evaluate(val, predict_by_group(rebuild(finished, config), "gender"), ())
    assert record.selected_on is not None
    exact = auc(outcomes.target, outcomes.score)
    assert record.selected_on.value == pytest.approx(exact, abs=0.03)  # scores share bins
    assert outcomes.score.min() <= record.threshold.value <= outcomes.score.max()


def test_a_resumed_run_gives_the_same_bits(finished: Path, config: Config, tmp_path: Path) -> None:
    def leaves(message: Message, context: Context) -> Message:
        if (
            message.metadata.message_type == "train"
            and packing.unpack_task(message.content)[1] == 1
        ):
            raise ConnectionError("the server's host went down")
        return app(message, context)

    with pytest.raises(DataError, match="round 2: no site trained in time"):
        lead_here(config, tmp_path, client=leaves)
    lead_here(config, tmp_path, resume=True)
    logs = [(folder / "train.log").read_text() for folder in (finished, tmp_path)]
    assert [log.count("left out") for log in logs] == [0, 2], logs
    assert final(tmp_path) == final(finished)
    best = [(folder / "best" / "model.safetensors").read_bytes() for folder in (finished, tmp_path)]
    assert best[0] == best[1]


def test_resuming_a_finished_run_changes_nothing(finished: Path, config: Config) -> None:
    before = (finished / "last" / "state.safetensors").read_bytes()
    lead_here(config, finished, resume=True)
    assert (finished / "last" / "state.safetensors").read_bytes() == before


def test_a_run_is_not_resumed_with_other_settings(finished: Path, config: Config) -> None:
    with pytest.raises(UsageError, match=f"started with lr {config.lr}, not 0.02"):
        lead_here(replace(config, lr=0.02), finished, resume=True)


def test_a_damaged_state_is_named(finished: Path, config: Config, tmp_path: Path) -> None:
    content = (finished / "last" / "state.safetensors").read_bytes()
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "state.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"state\.safetensors: damaged"):
        lead_here(config, tmp_path, resume=True)
