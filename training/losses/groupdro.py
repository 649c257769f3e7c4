"""GroupDRO: the groups' mean losses, weighted towards the worst by weights that are learned.

Sagawa et al., ICLR 2020, online algorithm. FairSeg reports it as a baseline and publishes no code;
the step size is ours.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

ETA = 0.01
"""Step size of the group weights: ours, as common in the field; FairSeg states none."""


@dataclass(frozen=True)
class GroupDro:
    """Loss of a step, and group weights for the next one."""

    loss: Tensor
    """Scalar with gradient; 0 where the batch has no known group."""
    q: Tensor
    """Group weights after the step, (G,), sum 1."""
    group_losses: Tensor
    """Mean loss by group, (G,) without gradient; NaN where a group is absent."""


def uniform(n_groups: int) -> Tensor:
    """Group weights to start from, (G,)."""
    return torch.full((n_groups,), 1 / n_groups)


def groupdro(losses: Tensor, groups: Tensor, q: Tensor, eta: float = ETA) -> GroupDro:
    """Update the weights, then weight the groups' mean losses by them.

    An absent group adds nothing, and its weight changes only by the normalisation.

    Args:
        losses: of every sample, (B,).
        groups: (B,) int64; samples of -1 belong to no group and are left out.
        q: weights before the step, (G,), sum 1, on the device of the losses.
        eta: step size.
    """
    known = groups >= 0
    counts = torch.bincount(groups[known], minlength=len(q))
    sums = losses.new_zeros(len(q)).index_add(0, groups[known], losses[known])
    means = sums / counts.clamp(min=1)
    raised = q * torch.exp(eta * means.detach())
    q = raised / raised.sum()
    return GroupDro((q * means).sum(), q, means.detach().where(counts > 0, torch.nan))
