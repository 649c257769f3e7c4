"""The soft Dice loss of FairSeg and of TransUNet, from sums that are kept per sample.

Per class D = 1 - (2 sum(p y) + s) / (sum(p^2) + sum(y^2) + s), over all pixels of all samples, then
the mean over the classes, background included.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

SMOOTHING = 1e-5


@dataclass(frozen=True)
class DiceSums:
    """Sums over pixels from which Dice follows, a row a sample or group: (N, C) float32 each."""

    overlap: Tensor
    """Sum over the pixels of probability times label."""
    predicted: Tensor
    """Sum of squared probabilities."""
    labelled: Tensor
    """Pixels of the class."""

    def loss(self) -> Tensor:
        """Dice loss by row and class, (N, C) in [0, 1]."""
        total = self.predicted + self.labelled
        return 1 - (2 * self.overlap + SMOOTHING) / (total + SMOOTHING)

    def scaled(self, weights: Tensor) -> "DiceSums":
        """The sums that the probabilities of row i, times `weights[i]`, have; weights (N,)."""
        by_row = weights.unsqueeze(1)
        return DiceSums(by_row * self.overlap, by_row**2 * self.predicted, self.labelled)

    def grouped(self, rows: Tensor, n: int) -> "DiceSums":
        """The rows added up into n, (n, C): row i goes to `rows[i]`."""
        parts = (self.overlap, self.predicted, self.labelled)
        return DiceSums(*(p.new_zeros(n, p.shape[1]).index_add(0, rows, p) for p in parts))

    def pooled(self) -> "DiceSums":
        """All rows added up, (1, C)."""
        parts = (self.overlap, self.predicted, self.labelled)
        return DiceSums(*(part.sum(dim=0, keepdim=True) for part in parts))


def dice_sums(logits: Tensor, labels: Tensor) -> DiceSums:
    """Sums of logits (B, C, H, W) after a softmax, and of labels (B, H, W) int64 in 0..C-1."""
    probabilities = logits.float().softmax(dim=1).flatten(2)  # (B, C, pixels)
    truth = functional.one_hot(labels.flatten(1), logits.shape[1]).transpose(1, 2).float()
    return DiceSums(
        (probabilities * truth).sum(dim=2), probabilities.square().sum(dim=2), truth.sum(dim=2)
    )


def dice_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss of a batch, all its pixels pooled: a scalar in [0, 1]."""
    return dice_sums(logits, labels).pooled().loss().mean()


def dice_loss_per_sample(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss of every sample by itself, (B,) in [0, 1]."""
    return dice_sums(logits, labels).loss().mean(dim=1)
