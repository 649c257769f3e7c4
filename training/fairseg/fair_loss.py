"""Loss of a FairSeg step in each fair mode, with the modules that a mode trains itself."""

import math

from torch import Tensor, nn

from fairness.errors import DataError
from training.fairseg.config import FairMode
from training.losses.adversarial import AttributeAdversary, adversary_loss
from training.losses.groupdro import groupdro, uniform
from training.losses.segmentation import (
    febs_segmentation_loss,
    sample_losses,
    segmentation_loss,
)


class FairObjective(nn.Module):
    """Logits, labels and groups to a loss and its parts.

    GroupDRO's weights are a buffer and the adversary's layers parameters, so that optimiser and
    resumed runs treat them as they treat the network.
    """

    q: Tensor

    def __init__(
        self,
        mode: FairMode,
        groups: tuple[str, ...],
        features: int,
        *,
        dice_share: float,
        gamma: float,
        eta: float,
        strength: float,
    ) -> None:
        """Prepare a mode.

        Args:
            mode: `none` for the base loss; Fair Error-Bound Scaling as `safe`, `reference` or
                `upweight_hard`; `groupdro`; `adversarial`.
            groups: names of the attribute's groups.
            features: D of the pooled features that the adversary sees.
            dice_share: lambda, the share of Dice beside cross-entropy.
            gamma: exponent of the scaling.
            eta: step size of GroupDRO.
            strength: of the adversary's reversed gradient.
        """
        super().__init__()
        self.mode, self.groups = mode, groups
        self.dice_share, self.gamma, self.eta = dice_share, gamma, eta
        self.register_buffer("q", uniform(len(groups)))
        self.adversary: AttributeAdversary | None = None
        if mode == "adversarial":
            self.adversary = AttributeAdversary(features, len(groups), strength)

    def forward(
        self, logits: Tensor, pooled: Tensor, labels: Tensor, groups: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss of a step, and its parts by name for the log.

        Args:
            logits: (B, 3, h, w).
            pooled: (B, D) features of the encoder.
            labels: (B, h, w) int64.
            groups: (B,) int64, -1 where unknown.

        Raises:
            DataError: a part is not finite.
        """
        n = len(self.groups)
        by_group: dict[str, Tensor] = {}
        if self.mode == "groupdro":
            step = groupdro(
                sample_losses(logits, labels, self.dice_share), groups, self.q, self.eta
            )
            self.q = step.q.detach()
            total, by_group = step.loss, {"L": step.group_losses, "q": self.q}
            parts = {"loss/total": total}
        elif self.mode in ("safe", "reference", "upweight_hard"):
            found, febs = febs_segmentation_loss(
                logits, labels, groups, n, self.dice_share, self.gamma, self.mode
            )
            total = found.total
            parts = {"loss/total": total, "loss/ce": found.cross_entropy, "loss/dice": found.dice}
            by_group = {"L": febs.group_losses, "w": febs.weights}
        else:
            base = segmentation_loss(logits, labels, self.dice_share)
            total = base.total
            parts = {"loss/ce": base.cross_entropy, "loss/dice": base.dice}
            if self.adversary is not None:
                parts["loss/adversary"] = adversary_loss(self.adversary(pooled), groups)
                total = total + parts["loss/adversary"]
            parts["loss/total"] = total
        scalars = {name: value.item() for name, value in parts.items()}
        for name, value in scalars.items():
            if not math.isfinite(value):
                raise DataError(f"training diverged: {name} is {value}; lower --lr")
        for letter, values in by_group.items():
            for group, value in zip(self.groups, values.tolist(), strict=True):
                if math.isfinite(value):  # NaN: the group is absent from the batch
                    scalars[f"{letter}/{group}"] = value
        return total, scalars
