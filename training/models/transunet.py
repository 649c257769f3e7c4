"""TransUNet: a transformer's tokens, decoded to class logits at the input's resolution.

Chen et al., TransUNet, 2021, as FairSeg uses it (Tian et al., ICLR 2024): no ResNet and no skip
connections by default. Parameters have the original's names, so that its checkpoints load.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.resnetv2 import StandardConv2d
from training.models.transunet_config import TransUNetConfig
from training.models.vit import Transformer


class DecoderBlock(nn.Module):
    """Doubles the resolution, takes a skip connection in if there is one, convolves twice."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs + skip, outputs)
        self.conv2 = _convolution(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        """(B, inputs, H, W) and perhaps (B, skip, 2H, 2W) to (B, outputs, 2H, 2W)."""
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        x = x if skip is None else torch.cat([x, skip], dim=1)
        decoded: Tensor = self.conv2(self.conv1(x))
        return decoded


class Decoder(nn.Module):
    """The cascaded upsampler."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        self.grid = config.grid
        self.n_skip = config.n_skip
        self.conv_more = _convolution(config.hidden, config.head_channels)
        outputs = config.decoder_channels
        inputs = (config.head_channels, *outputs[:-1])
        self.blocks = nn.ModuleList(map(DecoderBlock, inputs, config.skip_channels, outputs))

    def forward(self, tokens: Tensor, skips: list[Tensor]) -> Tensor:
        """Tokens (B, N, hidden) and the ResNet's maps to (B, channels, S, S)."""
        square = tokens.transpose(1, 2).reshape(-1, tokens.shape[2], self.grid, self.grid)
        x: Tensor = self.conv_more(square)
        for i, block in enumerate(self.blocks):
            x = block(x, skips[i] if i < self.n_skip else None)
        return x


class TransUNet(nn.Module):
    """Pixels (B, 3, S, S) in about [0, 1] to class logits (B, classes, S, S)."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        self.config = config
        self.image_size, self.classes = config.image_size, config.classes
        self.features = config.hidden  # of what `loss_logits` pools
        self.transformer = Transformer(config)
        self.decoder = Decoder(config)
        head = nn.Conv2d(config.decoder_channels[-1], config.classes, 3, padding=1)
        self.segmentation_head = nn.Sequential(head)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (B, classes, S, S)."""
        return self.loss_logits(pixels)[0]

    def loss_logits(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The logits the loss is taken at, here `forward`'s, and mean tokens (B, hidden)."""
        tokens, skips = self.transformer(pixels)
        logits: Tensor = self.segmentation_head(self.decoder(tokens, skips))
        return logits, tokens.mean(dim=1)

    def bake(self) -> "TransUNet":
        """A copy for export, whose ResNet has its kernels standardised once and for all."""
        baked = copy.deepcopy(self).eval()
        for module in baked.modules():
            if isinstance(module, StandardConv2d):
                module.bake()
        return baked


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
