"""The fair term at work: it closes the distance of a group whose pairs were planted apart.

A linear image tower is trained on images that are noisy copies of their texts; in one group the
noise is five times stronger, so its pairs stay less similar, whatever the tower does.
"""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.losses.clip_contrastive import clip_contrastive
from training.losses.fairclip import fair_distances
from training.losses.sinkhorn import sinkhorn_divergence

WIDTH, PER_GROUP = 8, 32
GROUPS = ("first", "second")


def planted(shifted: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Raw images and unit texts, (32, 8) each, of each group."""
    generator = torch.Generator().manual_seed(0)
    texts = {
        group: functional.normalize(torch.randn(PER_GROUP, WIDTH, generator=generator), dim=1)
        for group in GROUPS
    }
    images = {}
    for group, values in texts.items():
        noise = torch.randn(PER_GROUP, WIDTH, generator=generator)
        images[group] = values + (0.5 if group == shifted else 0.1) * noise
    return images, texts


def distances_after_training(shifted: str, weight: float) -> dict[str, float]:
    """S between the similarities of all pairs and those of each group, after 40 steps."""
    torch.manual_seed(1)
    images, texts = planted(shifted)
    tower = nn.Linear(WIDTH, WIDTH, bias=False)
    optimizer = torch.optim.Adam(tower.parameters(), lr=0.03)

    def similarity(group: str) -> Tensor:
        return (functional.normalize(tower(images[group]), dim=1) * texts[group]).sum(dim=1)

    all_texts = torch.cat(list(texts.values()))
    for _ in range(40):
        encoded = functional.normalize(tower(torch.cat(list(images.values()))), dim=1)
        by_group = {group: similarity(group).detach() for group in GROUPS}
        cosines = encoded @ all_texts.T
        distances = fair_distances(cosines.diagonal(), by_group, "paper", 1e-3, 0.5)
        loss = clip_contrastive(10 * cosines) + weight * torch.stack([*distances.values()]).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    with torch.no_grad():
        everyone = torch.cat([similarity(group) for group in GROUPS])
        return {g: sinkhorn_divergence(everyone, similarity(g), 1e-3).item() for g in GROUPS}


@pytest.mark.parametrize("shifted", GROUPS)
def test_paper_mode_lowers_the_distance_of_the_planted_group(shifted: str) -> None:
    without, fair = (distances_after_training(shifted, weight) for weight in (0.0, 1000.0))
    assert fair[shifted] < without[shifted] / 2
