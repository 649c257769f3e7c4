"""One training step of FairLoRA: the losses as pure functions, and the update."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer


def classification_loss(
    logits: Tensor, labels: Tensor, groups: Tensor, n_groups: int, fairness_weight: float = 0.0
) -> Tensor:
    """Cross-entropy, plus the fairness term where its weight is not 0.

    Args:
        logits: (B, 2).
        labels: (B,) int64, 0 or 1.
        groups: (B,) int64, -1 unknown.
        n_groups: number of groups of the attribute.
        fairness_weight: the released code sets 0, and its term carries no gradient.
    """
    loss = functional.cross_entropy(logits, labels)
    if fairness_weight == 0:
        return loss
    certainty = logits.softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
    return loss + fairness_weight * fairness_term(certainty, groups, n_groups)


def fairness_term(certainty: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    """Mean distance of the groups' errors from their mean: a scalar in 0..0.5, with gradient.

    A group's error is 1 minus the mean probability of the true class. Groups without a sample and
    unknown samples do not take part; of fewer than two groups the term is 0.

    Args:
        certainty: probability of the true class, (B,).
        groups: (B,) int64, -1 unknown.
        n_groups: number of groups of the attribute.
    """
    member = (groups.unsqueeze(1) == torch.arange(n_groups, device=groups.device)).to(certainty)
    sizes = member.sum(dim=0)  # (G,)
    errors = (1 - (certainty @ member) / sizes.clamp(min=1))[sizes > 0]
    if len(errors) < 2:
        return certainty.sum() * 0
    return (errors - errors.mean()).abs().mean()


def proximal_term(trained: Iterable[Tensor], received: Iterable[Tensor], mu: float) -> Tensor:
    """FedProx: mu / 2 times the squared distance of the trained tensors from those received.

    Li et al., MLSys 2020, Eq. 2.
    """
    squares = [
        (own - start.detach()).square().sum() for own, start in zip(trained, received, strict=True)
    ]
    return mu / 2 * torch.stack(squares).sum()


def update(loss: Tensor, optimizer: Optimizer, steps: int = 1) -> None:
    """Follow the loss's gradient; two steps with one gradient are what the released code does."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch's
    for _ in range(steps):
        optimizer.step()
