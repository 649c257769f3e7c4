"""Batches in parts give the loss and the gradients of the whole, and nothing more than once."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.losses.clip_contrastive import clip_contrastive
from training.losses.sinkhorn import sinkhorn_divergence
from training.micro_batch import in_parts

N, WIDTH = 10, 6


def drawn() -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    images, texts = torch.randn(2, N, WIDTH, generator=draw, dtype=torch.float64)
    return images, texts


class Towers(nn.Module):
    """Two maps, with something between them that a test may choose."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.image = nn.Sequential(nn.Linear(WIDTH, 8), between, nn.Tanh(), nn.Linear(8, 4))
        self.text = nn.Linear(WIDTH, 4)
        self.double()

    def forward(self, images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        features = self.image(images), self.text(texts)
        first, second = (functional.normalize(part, dim=1) for part in features)
        return first, second


def gradients(towers: Towers, encode: Callable[[], tuple[Tensor, Tensor]]) -> tuple[float, Tensor]:
    """Of a loss in which every sample meets every other."""
    towers.zero_grad()
    images, texts = encode()
    similarity = (images * texts).sum(dim=1)
    loss = clip_contrastive(10 * images @ texts.T)
    loss = loss + 50 * sinkhorn_divergence(similarity, similarity[:4].detach(), 1e-2)
    torch.autograd.backward(loss)
    found = [p.grad.flatten() for p in towers.parameters() if p.grad is not None]
    return loss.item(), torch.cat(found)


@pytest.mark.parametrize("size", [1, 3, 5, 9])
def test_parts_give_the_gradients_of_the_whole_batch(size: int) -> None:
    towers = Towers(nn.Identity())
    loss, wanted = gradients(towers, lambda: towers(*drawn()))
    found, got = gradients(towers, lambda: in_parts(towers, drawn(), size, towers))
    assert found == pytest.approx(loss, abs=1e-14)
    torch.testing.assert_close(got, wanted, rtol=1e-11, atol=1e-13)


def test_the_sum_of_the_losses_of_parts_is_another_loss() -> None:
    towers = Towers(nn.Identity())
    _, wanted = gradients(towers, lambda: towers(*drawn()))
    images, texts = drawn()
    halves = [
        gradients(towers, lambda rows=rows: towers(images[rows], texts[rows]))[1]  # type: ignore[misc]
        for rows in (slice(0, 5), slice(5, 10))
    ]
    assert functional.cosine_similarity(sum(halves), wanted, dim=0) < 0.99  # type: ignore[arg-type]


def in_a_loop(towers: Towers, size: int) -> tuple[Tensor, Tensor]:
    """The parts one after the other, with all their activations kept."""
    images, texts = drawn()
    parts = [towers(images[i : i + size], texts[i : i + size]) for i in range(0, N, size)]
    first, second = zip(*parts, strict=True)
    return torch.cat(first), torch.cat(second)


def test_dropout_is_drawn_alike_in_both_passes() -> None:
    towers = Towers(nn.Dropout(0.5)).train()
    torch.manual_seed(3)
    loss, wanted = gradients(towers, lambda: in_a_loop(towers, 4))
    torch.manual_seed(3)
    found, got = gradients(towers, lambda: in_parts(towers, drawn(), 4, towers))
    assert found == loss
    torch.testing.assert_close(got, wanted, rtol=1e-11, atol=1e-13)


def test_running_means_of_batch_norms_take_each_part_once() -> None:
    norms = [nn.BatchNorm1d(8) for _ in range(2)]
    looped, parted = (Towers(norm).train() for norm in norms)
    _, wanted = gradients(looped, lambda: in_a_loop(looped, 5))
    _, got = gradients(parted, lambda: in_parts(parted, drawn(), 5, parted))
    torch.testing.assert_close(got, wanted, rtol=1e-11, atol=1e-13)
    assert norms[0].running_mean is not None
    assert norms[1].running_mean is not None
    torch.testing.assert_close(norms[1].running_mean, norms[0].running_mean)
    assert norms[1].momentum == 0.1


def test_a_part_as_large_as_the_batch_changes_no_bit() -> None:
    towers = Towers(nn.Identity())
    _, wanted = gradients(towers, lambda: towers(*drawn()))
    for size in (None, N, N + 1):
        _, got = gradients(towers, lambda size=size: in_parts(towers, drawn(), size, towers))  # type: ignore[misc]
        assert torch.equal(got, wanted)
