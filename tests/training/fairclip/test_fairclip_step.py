"""The forward passes of a step: whose similarities are made, and where the gradient goes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_run import small_config, write_small_data

from fairness.arrays import IntArray
from fairness.datasets.fairvlmed import FairVLMed
from training.fairclip.config import Config
from training.fairclip.encoder import Encoder
from training.fairclip.fair_loss import FairObjective, Group
from training.fairclip.objective import group_cosines, queue_drift, step_loss
from training.fairclip.pairs import Pairs, make_objective
from training.fairclip.train import build

INDEX = np.arange(8)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return small_config(write_small_data(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def encoder(config: Config) -> Encoder:
    model, _ = build(config)
    return Encoder(model, Pairs(FairVLMed(config.data, "train", text_source="note"), 96, 16))


class Counting:
    """An encoder that remembers what it was asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self.inner, self.model, self.asked = encoder, encoder.model, list[int]()

    def __call__(self, index: IntArray) -> tuple[torch.Tensor, torch.Tensor]:
        self.asked.append(len(index))
        return self.inner(index)


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"fair_mode": "none"}, [8]),
        ({"fair_mode": "paper"}, [2 + 4, 8]),  # two Black samples, a batch of four White ones
        ({"fair_mode": "released"}, [2 + 4, 8]),
        ({"fair_every": 2}, [2 + 4, 8, 8, 2 + 4, 8]),
        ({"group_source": "queue"}, [8, 8]),
        ({"attribute": "race,gender"}, [2 + 4 + 4 + 4, 8]),
    ],
)
def test_groups_pass_the_model_only_where_a_mode_needs_them(
    changes: dict[str, object], passes: list[int], config: Config, encoder: Encoder
) -> None:
    chosen = replace(config, **changes)  # type: ignore[arg-type]  # of several types
    counting = Counting(encoder)
    split = FairVLMed(config.data, "train", text_source="note")
    objective = make_objective(chosen, chosen.seed, split, np.arange(24))
    step = 0
    while len(counting.asked) < len(passes):
        step_loss(counting, objective, step, INDEX)  # type: ignore[arg-type]  # called alike
        step += 1
    assert counting.asked == passes


def test_similarities_of_a_group_are_those_of_its_pairs(encoder: Encoder) -> None:
    batches = {"a": np.array([0, 1, 2]), "b": np.array([5])}
    found = group_cosines(encoder, batches, with_grad=False)
    assert {group: tuple(matrix.shape) for group, matrix in found.items()} == {
        "a": (3, 3),
        "b": (1, 1),
    }
    for group, index in batches.items():
        images, texts = encoder(index)
        assert images.requires_grad
        torch.testing.assert_close(found[group], (images @ texts.T).detach(), rtol=0, atol=1e-6)
        assert not found[group].requires_grad
    assert group_cosines(encoder, batches, with_grad=True)["a"].requires_grad


def gradient(config: Config, encoder: Encoder, weight: float, group_grad: str) -> torch.Tensor:
    """Of the image projection, in a step whose only group has none of the batch's samples."""
    settings = replace(config, fair_lambda=weight, group_grad=group_grad)  # type: ignore[arg-type]
    objective = FairObjective(settings, (Group("race/White", np.arange(8, 24), 1.0),), seed=0)
    encoder.model.zero_grad()
    loss, _ = step_loss(encoder, objective, 0, INDEX)
    torch.autograd.backward(loss)
    found = encoder.model.towers.visual_projection.weight.grad
    assert found is not None
    return found.clone()


def test_the_groups_batches_move_the_model_only_on_demand(config: Config, encoder: Encoder) -> None:
    plain, off, on = (
        gradient(config, encoder, weight, group_grad)
        for weight, group_grad in ((0.0, "off"), (1000.0, "off"), (1000.0, "on"))
    )
    assert not torch.allclose(plain, off, rtol=1e-3)
    assert not torch.allclose(off, on, rtol=1e-3)


def test_a_queue_drifts_only_where_the_model_changes(config: Config) -> None:
    model, _ = build(config)
    split = FairVLMed(config.data, "train", text_source="note")
    encoder = Encoder(model, Pairs(split, 96, 16))
    chosen = replace(config, group_source="queue", group_batch_size=4)
    objective = make_objective(chosen, chosen.seed, split, np.arange(24))
    for step in range(3):
        step_loss(encoder, objective, step, np.arange(step * 8, step * 8 + 8))
    assert queue_drift(encoder, objective)["drift/race/White"] == pytest.approx(0, abs=1e-3)
    with torch.no_grad():
        model.towers.visual_projection.weight[:8] *= 3  # so that cosines change
    assert abs(queue_drift(encoder, objective)["drift/race/White"]) > 0.01
