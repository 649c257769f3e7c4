"""OpenAI's CLIP with a ViT, written with torch's own attention: its names, and its answers."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.clip_sizes import SIZES, ClipSizes, Tower


class OriginalGelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class OriginalBlock(nn.Module):
    def __init__(self, tower: Tower, mask: Tensor | None) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(tower.width, tower.heads)
        self.ln_1 = nn.LayerNorm(tower.width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(tower.width, 4 * tower.width),
                gelu=OriginalGelu(),
                c_proj=nn.Linear(4 * tower.width, tower.width),
            )
        )
        self.ln_2 = nn.LayerNorm(tower.width)
        self.attn_mask = mask  # no buffer; an archive holds it all the same

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.attn_mask)[0]
        wide: Tensor = self.mlp(self.ln_2(x))
        return x + wide


class OriginalTransformer(nn.Module):
    def __init__(self, tower: Tower, mask: Tensor | None = None) -> None:
        super().__init__()
        self.resblocks = nn.Sequential(*[OriginalBlock(tower, mask) for _ in range(tower.layers)])

    def forward(self, x: Tensor) -> Tensor:
        """(B, tokens, width), which torch's attention takes with the tokens first."""
        x = self.resblocks(x.transpose(0, 1))
        return x.transpose(0, 1)


class OriginalVision(nn.Module):
    def __init__(self, sizes: ClipSizes) -> None:
        super().__init__()
        width, count = sizes.vision.width, (sizes.image_size // sizes.patch) ** 2 + 1
        self.conv1 = nn.Conv2d(3, width, sizes.patch, sizes.patch, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width))
        self.positional_embedding = nn.Parameter(torch.randn(count, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = OriginalTransformer(sizes.vision)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.randn(width, sizes.features))

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.conv1(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(patches.shape[0], 1, -1)
        x = self.ln_pre(torch.cat([first, patches], dim=1) + self.positional_embedding)
        pooled: Tensor = self.ln_post(self.transformer(x)[:, 0])
        return pooled @ self.proj


class OriginalClip(nn.Module):
    def __init__(self, sizes: ClipSizes = SIZES["tiny"]) -> None:
        super().__init__()
        width = sizes.text.width
        self.visual = OriginalVision(sizes)
        future = torch.full((77, 77), -torch.inf).triu(1)
        self.transformer = OriginalTransformer(sizes.text, future)
        self.token_embedding = nn.Embedding(49408, width)
        self.positional_embedding = nn.Parameter(torch.randn(77, width))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, sizes.features))
        self.logit_scale = nn.Parameter(torch.tensor(4.6052))
        for name, parameter in self.named_parameters():  # so that no bias is 0 and no scale 1
            is_scale = "ln_" in name and name.endswith("weight")
            nn.init.normal_(parameter.view(-1), mean=float(is_scale), std=0.1)

    def forward(self, pixels: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Unit features of images and of texts."""
        x = self.transformer(self.token_embedding(tokens) + self.positional_embedding)
        at_end = self.ln_final(x)[torch.arange(x.shape[0]), tokens.argmax(dim=-1)]
        texts = at_end @ self.text_projection
        return functional.normalize(self.visual(pixels), dim=-1), functional.normalize(
            texts, dim=-1
        )


def original_checkpoint(model: OriginalClip) -> dict[str, Any]:
    """What FairCLIP's authors save, on a GPU: weights of matrices in float16, the rest in float32.

    The model is left with the same, rounded, weights in float32.
    """
    for name, tensor in model.state_dict().items():
        if "ln_" not in name and "embedding" not in name and name != "logit_scale":
            tensor.copy_(tensor.half())
    state = {
        name: tensor.half() if torch.equal(tensor, tensor.half().float()) else tensor.clone()
        for name, tensor in model.state_dict().items()
    }
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    return {
        "epoch": 7,
        "model_state_dict": state,
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": 3.2,
    }
