"""ResNetV2 as the Vision Transformer's authors release it: weight standardisation, GroupNorm.

Kolesnikov et al., Big Transfer, ECCV 2020. Three stages, no fourth; parameters are named as in
TransUNet (Chen et al., 2021), whose decoder takes the maps of the earlier stages.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

GROUPS = 32


class StandardConv2d(nn.Conv2d):
    """A convolution without bias whose kernels have mean 0 and variance 1 per output channel."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.baked = False

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        weight = self.weight if self.baked else standardise(self.weight)
        return functional.conv2d(x, weight, None, self.stride, self.padding)

    def bake(self) -> None:
        """Keep the standardised kernels from now on: the same answers in a smaller graph."""
        if not self.baked:
            with torch.no_grad():
                self.weight.copy_(standardise(self.weight))
        self.baked = True


def standardise(weight: Tensor) -> Tensor:
    """Kernels (O, I, h, w) with mean 0 and variance 1 over all but the first axis."""
    variance, mean = torch.var_mean(weight, dim=(1, 2, 3), keepdim=True, unbiased=False)
    return (weight - mean) / torch.sqrt(variance + 1e-5)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions, each followed by GroupNorm, around a residual connection."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        middle = outputs // 4
        self.gn1 = nn.GroupNorm(GROUPS, middle, eps=1e-6)
        self.conv1 = StandardConv2d(inputs, middle, 1)
        self.gn2 = nn.GroupNorm(GROUPS, middle, eps=1e-6)
        self.conv2 = StandardConv2d(middle, middle, 3, stride)
        self.gn3 = nn.GroupNorm(GROUPS, outputs, eps=1e-6)
        self.conv3 = StandardConv2d(middle, outputs, 1)
        self.projects = stride != 1 or inputs != outputs
        if self.projects:
            self.downsample = StandardConv2d(inputs, outputs, 1, stride)
            self.gn_proj = nn.GroupNorm(outputs, outputs)  # one channel a group, eps 1e-5

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        residual = self.gn_proj(self.downsample(x)) if self.projects else x
        y = functional.relu(self.gn1(self.conv1(x)))
        y = functional.relu(self.gn2(self.conv2(y)))
        return functional.relu(residual + self.gn3(self.conv3(y)))


class ResNetV2(nn.Module):
    """Pixels (B, 3, S, S) to a map (B, 16 width, S/16, S/16) and three maps for the decoder.

    Args:
        blocks: bottlenecks in each of the three stages; 3, 4, 9 in R50.
        width: channels of the stem, a multiple of 32; 64 in R50.
    """

    def __init__(self, blocks: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.root = nn.Sequential(
            OrderedDict(
                conv=StandardConv2d(3, width, 7, 2), gn=nn.GroupNorm(GROUPS, width, eps=1e-6)
            )
        )
        self.body = nn.Sequential(
            OrderedDict(
                block1=_stage(blocks[0], width, 4 * width, 1),
                block2=_stage(blocks[1], 4 * width, 8 * width, 2),
                block3=_stage(blocks[2], 8 * width, 16 * width, 2),
            )
        )

    def forward(self, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last map, and those at S/8, S/4 and S/2, in the order the decoder takes them."""
        half = functional.relu(self.root(pixels))
        x = self.body[0](functional.max_pool2d(half, 3, 2))
        # Pooling without padding loses a row and a column; only the skip connection gets them back.
        missing = pixels.shape[-1] // 4 - x.shape[-1]
        quarter = functional.pad(x, (0, missing, 0, missing))
        eighth = self.body[1](x)
        return self.body[2](eighth), [eighth, quarter, half]


def _stage(blocks: int, inputs: int, outputs: int, stride: int) -> nn.Sequential:
    units: OrderedDict[str, nn.Module] = OrderedDict(unit1=Bottleneck(inputs, outputs, stride))
    for i in range(2, blocks + 1):
        units[f"unit{i}"] = Bottleneck(outputs, outputs)
    return nn.Sequential(units)
