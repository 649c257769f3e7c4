"""A segmentation step's loss: cross-entropy beside Dice, the latter scaled by group or not.

    L = (1 - lambda) CE + lambda Dice

Fair Error-Bound Scaling replaces the Dice part and leaves the cross-entropy alone, as released.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from training.losses.dice import dice_loss, dice_loss_per_sample
from training.losses.febs import Febs, FebsMode, febs_loss


@dataclass(frozen=True)
class SegmentationLoss:
    """A loss and its parts: scalars with gradient."""

    total: Tensor
    cross_entropy: Tensor
    dice: Tensor
    """Plain or scaled."""


def segmentation_loss(logits: Tensor, labels: Tensor, dice_share: float) -> SegmentationLoss:
    """The base loss of logits (B, C, H, W) for labels (B, H, W) int64; lambda is `dice_share`."""
    dice = dice_loss(logits, labels)
    cross_entropy = pixel_cross_entropy(logits, labels).mean()
    return SegmentationLoss(_mix(cross_entropy, dice, dice_share), cross_entropy, dice)


def febs_segmentation_loss(
    logits: Tensor,
    labels: Tensor,
    groups: Tensor,
    n_groups: int,
    dice_share: float,
    gamma: float,
    mode: FebsMode,
) -> tuple[SegmentationLoss, Febs]:
    """The loss with Dice scaled by group; arguments as in `febs_loss` and `segmentation_loss`."""
    febs = febs_loss(logits, labels, groups, n_groups, gamma, mode)
    cross_entropy = pixel_cross_entropy(logits, labels).mean()
    total = _mix(cross_entropy, febs.loss, dice_share)
    return SegmentationLoss(total, cross_entropy, febs.loss), febs


def pixel_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Of every pixel, (B, H, W), by torch's form for rows of classes.

    Its form for images has no deterministic algorithm on a GPU.
    """
    rows = logits.movedim(1, -1).flatten(0, -2)  # (pixels, C)
    return functional.cross_entropy(rows, labels.flatten(), reduction="none").view(labels.shape)


def sample_losses(logits: Tensor, labels: Tensor, dice_share: float) -> Tensor:
    """The base loss of every sample by itself, (B,), which GroupDRO averages by group."""
    cross_entropy = pixel_cross_entropy(logits, labels).mean(dim=(1, 2))
    return _mix(cross_entropy, dice_loss_per_sample(logits, labels), dice_share)


def _mix(cross_entropy: Tensor, dice: Tensor, share: float) -> Tensor:
    return (1 - share) * cross_entropy + share * dice
