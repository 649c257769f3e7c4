"""The architecture of a TransUNet as plain values, and the named ones."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from fairness.errors import UsageError

Backbone: TypeAlias = Literal["vit", "r50"]


@dataclass(frozen=True, kw_only=True)
class TransUNetConfig:
    """Shapes of a TransUNet; the defaults are FairSeg's ViT-B/16 at 224 pixels without skips.

    Raises:
        UsageError: the numbers do not fit together.
    """

    backbone: Backbone = "vit"
    """`r50` puts a ResNetV2 before the transformer, whose maps may skip to the decoder."""
    image_size: int = 224
    classes: int = 3
    """Background included."""
    hidden: int = 768
    layers: int = 12
    heads: int = 12
    mlp: int = 3072
    dropout: float = 0.1
    n_skip: int = 0
    """Number of the ResNet's three maps that the decoder gets."""
    head_channels: int = 512
    decoder_channels: tuple[int, ...] = (256, 128, 64, 16)
    """Each doubles the resolution, so that the side of a patch is 2 to the power of their number;
    the ResNet needs four."""
    resnet_width: int = 64
    resnet_blocks: tuple[int, int, int] = (3, 4, 9)

    def __post_init__(self) -> None:
        if self.backbone == "vit" and self.n_skip:
            raise UsageError("a ViT without ResNet has no maps to skip: set n_skip to 0")
        if not 0 <= self.n_skip <= 3:
            raise UsageError(f"n_skip is {self.n_skip}; the ResNet has 3 maps, choose 0 to 3")
        if self.backbone == "r50" and (len(self.decoder_channels) != 4 or self.resnet_width % 32):
            raise UsageError("a ResNet needs 4 decoder_channels and a width divisible by 32")
        if self.image_size % self.patch or self.hidden % self.heads:
            raise UsageError(
                f"image_size {self.image_size} must be divisible by the patch, {self.patch}, "
                f"and hidden {self.hidden} by heads, {self.heads}"
            )

    @property
    def patch(self) -> int:
        """Side of the square of pixels that one token stands for."""
        return int(2 ** len(self.decoder_channels))

    @property
    def grid(self) -> int:
        """Tokens along a side of the image."""
        return self.image_size // self.patch

    @property
    def skip_channels(self) -> tuple[int, ...]:
        """Channels that each decoder block gets beside its input."""
        maps = [8 * self.resnet_width, 4 * self.resnet_width, self.resnet_width][: self.n_skip]
        return tuple(maps + [0] * (len(self.decoder_channels) - len(maps)))


VIT_B16 = TransUNetConfig()
"""FairSeg's default, 91.67 million parameters."""
R50_VIT_B16 = TransUNetConfig(backbone="r50", n_skip=3)
"""The hybrid, 105.28 million parameters."""
TINY_VIT = TransUNetConfig(
    image_size=64, hidden=48, layers=2, heads=4, mlp=96, head_channels=32,
    decoder_channels=(32, 16, 8),
)  # fmt: skip
"""Learns the synthetic data from random weights in a minute on one core: demo and tests."""
TINY_R50 = TransUNetConfig(
    backbone="r50", image_size=64, hidden=48, layers=2, heads=4, mlp=96, n_skip=3,
    head_channels=32, decoder_channels=(32, 16, 16, 8), resnet_width=32, resnet_blocks=(1, 1, 1),
)  # fmt: skip
"""The same of the hybrid."""
