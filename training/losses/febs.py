"""Fair Error-Bound Scaling: a Dice loss whose predictions are scaled by group.

Tian et al., FairSeg, ICLR 2024, as released. L_g is the Dice loss of group g's pixels in the batch,
w_g = tanh(r_g) with r_g = (min L / L_g)^gamma, and the loss is Dice between w p and y. The weights
carry no gradient. Note that the hardest group has the smallest weight: its loss grows, but its
gradient shrinks (docs/methods.md).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from training.losses.dice import SMOOTHING, dice_sums

FebsMode: TypeAlias = Literal["reference", "safe", "upweight_hard"]
"""`reference`: the released code, where a group absent from the batch turns the gradient off and an
unknown sample counts as the last group. `safe`: absent groups are left out, an unknown sample has
r = 1. `upweight_hard`: as safe, with r_g = (L_g / max L)^gamma; ours, not the paper's."""


@dataclass(frozen=True)
class Febs:
    """The loss, and bounds and weights by group for the log; NaN for an absent group.

    Only in mode `reference` has it the L_g = 0 of the released code.
    """

    loss: Tensor
    """Scalar in [0, 1]; at least 0.036 even for a perfect prediction, since w < 0.77."""
    group_losses: Tensor
    """L_g, the sum over the classes, (n_groups,) without gradient."""
    weights: Tensor
    """w_g, (n_groups,) in 0..0.77."""


def febs_loss(
    logits: Tensor, labels: Tensor, groups: Tensor, n_groups: int, gamma: float, mode: FebsMode
) -> Febs:
    """The scaled Dice loss of logits (B, C, H, W) for labels (B, H, W) int64.

    Args:
        logits: of any float type; the result is float32.
        labels: classes 0..C-1.
        groups: (B,) int64, -1 where unknown.
        n_groups: how many there are, in the batch or not.
        gamma: exponent of the ratio; 0 makes all weights tanh(1).
        mode: see `FebsMode`.
    """
    sums = dice_sums(logits, labels)
    slots = torch.where(groups < 0, n_groups, groups)  # the unknown get a slot behind the groups
    losses = sums.grouped(slots, n_groups + 1).loss().sum(dim=1).detach()
    present = torch.bincount(slots, minlength=n_groups + 1) > 0
    if mode == "reference":
        losses, ratios = _released(losses, present)
    else:
        losses, ratios = _present_only(losses, present, mode)
    weights = torch.where(losses.isnan(), torch.nan, torch.tanh(ratios**gamma))
    loss = sums.scaled(weights[slots]).pooled().loss().mean()
    return Febs(loss, losses[:-1], weights[:-1])


def _released(losses: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    losses = torch.where(present, losses, 0)
    # There -1 indexes from the end: the unknown stand in for the last group where it is absent.
    last = torch.where(present[-2], losses[-2], losses[-1])
    losses = torch.cat([losses[:-2], last.repeat(2)])
    return losses, losses.min() / losses


def _present_only(losses: Tensor, present: Tensor, mode: FebsMode) -> tuple[Tensor, Tensor]:
    losses = torch.where(present, losses.clamp(min=SMOOTHING), torch.nan)
    known = losses[:-1]
    if mode == "safe":
        ratios = known.nan_to_num(torch.inf).min() / known
    else:
        ratios = known / known.nan_to_num(0).max()
    return losses, torch.cat([ratios, ratios.new_ones(1)])
