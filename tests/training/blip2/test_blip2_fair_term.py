"""BLIP-2's similarities reach FairCLIP's fair term, in every mode, and the gradient its queries."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from finished_run import scalars
from small_blip2 import random_blip2, small_blip2_config
from small_run import write_small_data

from fairness.datasets.fairvlmed import FairVLMed
from training.blip2.config import Config
from training.blip2.objective import group_cosines, step_loss
from training.blip2.pairs import CroppedPairs
from training.blip2.train import train
from training.fairclip.fair_loss import FairObjective
from training.fairclip.pairs import make_objective
from training.losses.sinkhorn import sinkhorn_divergence
from training.models.blip2 import Blip2


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def config(data: Path) -> Config:
    return small_blip2_config(data)


def parts(config: Config) -> tuple[Blip2, FairObjective, CroppedPairs]:
    split = FairVLMed(config.data, "train", text_source="note")
    pairs = CroppedPairs(split, 64)
    return (
        random_blip2(),
        make_objective(config, config.seed, split, pairs.check(skip=False)),
        pairs,
    )


def test_blip2_s_fair_term_compares_the_best_queries_of_own_pairs(config: Config) -> None:
    model, objective, pairs = parts(config)
    drawn = objective.draws(step=3)
    with torch.no_grad():
        by_group = group_cosines(model, objective, pairs, step=3)
        index = np.concatenate(list(drawn.values()))
        batch = pairs.fetch(index, 96, (config.seed, 3, 3))
        images = model.squash.normalise(batch.crops)
        queries = model.project_queries(model.look(model.patches(images)))
        texts = model.encode_text(model.pieces(batch.texts))
    own = [max(float(q @ text) for q in image) for image, text in zip(queries, texts, strict=True)]
    found = torch.cat([matrix.diagonal() for matrix in by_group.values()])
    assert found.tolist() == pytest.approx(own, abs=1e-6)
    assert [len(matrix) for matrix in by_group.values()] == [len(g) for g in drawn.values()]


def test_blip2_s_fair_term_is_the_sum_of_sinkhorn_divergences(config: Config) -> None:
    model, objective, pairs = parts(replace(config, fair_lambda=1000.0))
    index = np.arange(6)
    total, logged = step_loss(model, objective, pairs, 0, index)
    by_group = group_cosines(model, objective, pairs, 0)
    batch = pairs.fetch(index, 96, (config.seed, 2, 0))
    queries = model.project_queries(model.look(model.patches(model.squash.normalise(batch.crops))))
    texts = model.encode_text(model.pieces(batch.texts))
    own = torch.stack([(q @ t).max() for q, t in zip(queries, texts, strict=True)])
    for group, matrix in by_group.items():
        value = sinkhorn_divergence(own, matrix.diagonal(), config.blur, config.scaling)
        assert logged[f"sinkhorn/{group}"] == pytest.approx(value.item(), rel=1e-3, abs=1e-8)
    torch.autograd.backward(total)
    assert model.query_tokens.grad is not None
    assert model.query_tokens.grad.abs().max() > 0
    assert model.vision.embeddings.class_embedding.grad is None


@pytest.mark.parametrize(
    "changes",
    [
        {"fair_mode": "released"},
        {"fair_mode": "normalized"},
        {"group_grad": "on"},
        {"group_source": "queue"},
        {"attribute": "race=1,gender=0.5", "fair_every": 2},
    ],
)
def test_blip2_takes_every_setting_of_the_fair_term(
    changes: dict[str, Any], config: Config, tmp_path: Path
) -> None:
    settings = replace(config, **changes, fair_lambda=1e-3, epochs=1)
    logged = scalars(train(settings, tmp_path / "run").parent)
    groups = [name for name in logged if name.startswith("sinkhorn/")]
    assert groups
    assert all(np.isfinite(event.value) for name in groups for event in logged[name])
    drift = [name for name in logged if name.startswith("drift/")]
    assert bool(drift) is (settings.group_source == "queue")
