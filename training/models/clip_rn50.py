"""CLIP's ResNet-50 (Radford et al., ICML 2021) under OpenAI's parameter names.

Differs from the usual ResNet-50 in three ways: a stem of three convolutions, average pooling
before every convolution that would stride, and attention in place of the global pooling. FairLoRA
takes the answer of that attention at every position, not only at the mean.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.low_rank import adapted


@dataclass(frozen=True)
class ResNetShape:
    """Sizes of a modified ResNet."""

    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    """Bottlenecks of the four stages."""
    width: int = 64
    """Channels after the stem; the last stage has 32 times as many."""
    heads: int = 32
    features: int = 1024
    image_size: int = 224


RN50 = ResNetShape()
TINY = ResNetShape(blocks=(1, 1, 1, 1), width=8, heads=4, features=64, image_size=96)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut; the last widens fourfold."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.avgpool = nn.AvgPool2d(stride)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            # OpenAI numbers the convolution 0 and its norm 1; pooling comes before both.
            shortcut = (nn.AvgPool2d(stride), nn.Conv2d(inputs, outputs, 1, bias=False))
            named = zip(("-1", "0", "1"), (*shortcut, nn.BatchNorm2d(outputs)), strict=True)
            self.downsample = nn.Sequential(OrderedDict(named))

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, 4 * width, H / stride, W / stride)."""
        y = functional.relu(self.bn1(adapted(self.conv1, x, rows)))
        y = self.avgpool(functional.relu(self.bn2(self.conv2(y))))
        y = self.bn3(adapted(self.conv3, y, rows))
        return functional.relu(y + self.downsample(x))


class AttentionPool(nn.Module):
    """Self-attention over all positions and, as a first token, their mean."""

    def __init__(self, positions: int, width: int, heads: int, features: int) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(positions + 1, width) / width**0.5)
        self.k_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, features)
        self.heads = heads

    def forward(self, x: Tensor, rows: Tensor) -> Tensor:
        """(B, width, H, W) to (B, 1 + H * W, features); the mean's token comes first."""
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1) + self.positional_embedding
        query, key, value = (
            adapted(layer, x, rows).view(*x.shape[:2], self.heads, -1).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )  # each (B, heads, tokens, width / heads)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return adapted(self.c_proj, mixed.transpose(1, 2).flatten(2), rows)


class ModifiedResNet(nn.Module):
    """Pixels (B, 3, S, S) to patch features (B, (S / 32)^2, features), not normalised."""

    def __init__(self, shape: ResNetShape) -> None:
        super().__init__()
        self.image_size = shape.image_size
        width = shape.width
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        widths = (width // 4, width, 2 * width, 4 * width, 8 * width)
        stages = [
            _stage(4 * before, now, blocks, stride=1 if now == width else 2)
            for (before, now), blocks in zip(pairwise(widths), shape.blocks, strict=True)
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        positions = (shape.image_size // 32) ** 2
        self.attnpool = AttentionPool(positions, 32 * width, shape.heads, shape.features)

    def forward(self, pixels: Tensor, rows: Tensor) -> Tensor:
        """Patch features; `rows` (B,) int64 choose the diagonals of adapted layers."""
        x = functional.relu(self.bn1(self.conv1(pixels)))
        x = functional.relu(self.bn2(self.conv2(x)))
        x = functional.avg_pool2d(functional.relu(self.bn3(self.conv3(x))), 2)
        for block in self._bottlenecks():
            x = block(x, rows)
        features: Tensor = self.attnpool(x, rows)
        return features[:, 1:]

    def grouped_layers(self) -> list[tuple[nn.Module, str]]:
        """Layers that FairLoRA adapts by group, as owner and attribute: the bottlenecks' 1x1."""
        return [(block, name) for block in self._bottlenecks() for name in ("conv1", "conv3")]

    def plain_layers(self) -> list[tuple[nn.Module, str]]:
        """Layers that it adapts alike for all groups: the attention's four projections."""
        return [(self.attnpool, name) for name in ("q_proj", "k_proj", "v_proj", "c_proj")]

    def _bottlenecks(self) -> list[Bottleneck]:
        stages = (self.layer1, self.layer2, self.layer3, self.layer4)
        return [cast(Bottleneck, block) for stage in stages for block in stage]


def _stage(inputs: int, width: int, blocks: int, stride: int) -> nn.ModuleList:
    first = Bottleneck(inputs, width, stride)
    return nn.ModuleList([first, *(Bottleneck(4 * width, width, 1) for _ in range(blocks - 1))])
