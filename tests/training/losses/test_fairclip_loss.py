"""FairCLIP's loss against golden values and what its terms must do."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.losses.clip_contrastive import clip_contrastive
from training.losses.fairclip import fair_distances, fairclip_loss, paired_similarity

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "fairclip_loss.json").read_text("utf-8")
)
BLUR, SCALING = GOLDEN["blur"], GOLDEN["scaling"]


def golden(key: str) -> Tensor:
    return torch.tensor(GOLDEN[key], dtype=torch.float64)


def features(seed: int, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(n, 16, generator=generator), dim=1)


def test_contrastive_equals_the_golden_value() -> None:
    loss = clip_contrastive(golden("batch_logits"))
    assert loss.item() == pytest.approx(GOLDEN["contrastive"], rel=1e-6)


def test_contrastive_equals_a_plain_reading_of_its_formula() -> None:
    logits = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    rows = -torch.stack([logits[i].log_softmax(0)[i] for i in range(5)]).mean()
    columns = -torch.stack([logits[:, i].log_softmax(0)[i] for i in range(5)]).mean()
    assert clip_contrastive(logits).item() == pytest.approx(((rows + columns) / 2).item())


@pytest.mark.parametrize(
    ("scale", "expected"), [(1.0, "fair_term_on_logits"), (0.01, "fair_term_on_cosines")]
)
def test_fair_term_equals_the_golden_value(scale: float, expected: str) -> None:
    batch = scale * golden("batch_logits").diagonal()
    group = scale * golden("group_logits").diagonal()
    (distance,) = fair_distances(batch, {"group": group}, BLUR, SCALING).values()
    assert distance.item() == pytest.approx(GOLDEN[expected], rel=1e-6)


def test_paired_similarity_is_the_diagonal() -> None:
    images, texts = features(0, 6), features(1, 6)
    torch.testing.assert_close(paired_similarity(images, texts), (images @ texts.T).diagonal())


def test_total_is_the_weighted_sum_of_its_parts() -> None:
    images, texts, scale = features(0, 6), features(1, 6), torch.tensor(14.0)
    by_group = {"a": torch.linspace(0, 0.5, 4), "b": torch.tensor([0.9])}
    loss = fairclip_loss(images, texts, scale, by_group, 2.5, BLUR, SCALING)
    contrastive = clip_contrastive(scale * images @ texts.T)
    distances = fair_distances(paired_similarity(images, texts), by_group, BLUR, SCALING)
    assert loss.total.item() == pytest.approx(
        contrastive.item() + 2.5 * (distances["a"] + distances["b"]).item()
    )


def test_without_groups_the_loss_is_that_of_clip() -> None:
    images, texts, scale = features(0, 6), features(1, 6), torch.tensor(14.0)
    loss = fairclip_loss(images, texts, scale, {}, 1.0, BLUR, SCALING)
    assert loss.total.item() == loss.contrastive.item()
    assert loss.distances == {}


@pytest.mark.parametrize("shifted", ["a", "b", "c"])
def test_the_fair_term_tells_which_group_is_shifted(shifted: str) -> None:
    batch = torch.linspace(0.2, 0.4, 32)
    by_group = {group: batch - 0.3 * (group == shifted) for group in "abc"}
    distances = fair_distances(batch, by_group, BLUR, SCALING)
    for group, value in distances.items():
        wanted = 0.5 * 0.3**2 if group == shifted else 0.0
        assert value.item() == pytest.approx(wanted, abs=1e-4)
