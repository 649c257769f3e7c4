"""Classifiers of two classes on the features of an encoder."""

from torch import Tensor, nn

from training.checkpoint_record import Head


class LinearHead(nn.Module):
    """Batch normalisation without scale and shift, then a linear layer (He et al., MAE, CVPR 2022).

    The layer has two outputs, of which FairCLIP's linear probe reads the second alone.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False, eps=1e-6)
        self.linear = nn.Linear(width, 2)
        nn.init.trunc_normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Logits of the positive class (B, 1) of features (B, D)."""
        logits: Tensor = self.linear(self.norm(features))
        return logits[:, 1:]


class LogisticHead(nn.Module):
    """A linear layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Logits of the positive class (B, 1) of features (B, D)."""
        logits: Tensor = self.linear(features)
        return logits


def build_head(head: Head, width: int) -> nn.Module:
    """A new head on `width` features, from torch's global generator."""
    return LinearHead(width) if head == "linear" else LogisticHead(width)
