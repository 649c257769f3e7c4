"""Adversarial debiasing: the encoder learns features from which the group cannot be told.

A classifier of the group on pooled features, behind a gradient reversal (Ganin and Lempitsky, ICML
2015). FairSeg reports such a baseline and publishes no code: the constants are ours.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

STRENGTH = 0.1
"""Factor of the reversed gradient: ours."""
WIDTH = 128
"""Hidden units of the classifier: ours."""


class AttributeAdversary(nn.Module):
    """Features (B, D) to logits of the groups (B, G); the gradient into the features is reversed.

    Its parameters belong into the optimiser beside the model's.
    """

    def __init__(self, features: int, n_groups: int, strength: float = STRENGTH) -> None:
        super().__init__()
        self.strength = strength
        self.classifier = nn.Sequential(
            nn.Linear(features, WIDTH), nn.ReLU(), nn.Linear(WIDTH, n_groups)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, G)."""
        logits: Tensor = self.classifier(reverse_gradient(features, self.strength))
        return logits


def adversary_loss(logits: Tensor, groups: Tensor) -> Tensor:
    """Mean cross-entropy of logits (B, G) over samples of known group; 0 if there are none."""
    summed = functional.cross_entropy(logits, groups, ignore_index=-1, reduction="sum")
    return summed / (groups >= 0).sum().clamp(min=1)


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    """The features unchanged; their gradient comes back times -strength."""
    # torch leaves the function untyped.
    reversed_features: Tensor = _Reverse.apply(features, strength)  # type: ignore[no-untyped-call]
    return reversed_features


class _Reverse(torch.autograd.Function):
    @staticmethod
    # torch leaves the type of its context open.
    def forward(ctx: Any, features: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradient, None
