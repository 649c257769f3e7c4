"""A SAMed small enough for tests: two blocks, windows that need padding, adapters that act."""

import torch
from torch import nn

from training.models.samed import Samed, SamedConfig

SMALL = SamedConfig(
    image_size=64,
    dim=16,
    depth=2,
    heads=2,
    global_blocks=(1,),
    window=3,
    channels=16,
    decoder_heads=2,
    decoder_mlp=32,
)


def adapted(config: SamedConfig = SMALL, seed: int = 0) -> Samed:
    """A model whose adapters are drawn too, so that they change what it answers."""
    torch.manual_seed(seed)
    model = Samed(config)
    for name, parameter in model.vision_encoder.named_parameters():
        if name.endswith(("b_q.weight", "b_v.weight")):
            nn.init.normal_(parameter, std=0.3)
    return model.eval()


def pixels(batch: int, size: int = SMALL.image_size) -> torch.Tensor:
    """Random pixels (B, 3, size, size), always the same."""
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(1))
