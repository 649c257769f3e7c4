"""The Vision Transformer's encoder, its parameters named as in TransUNet.

Dosovitskiy et al., ICLR 2021: blocks that normalise first, no class token here.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.resnetv2 import ResNetV2
from training.models.transunet_config import TransUNetConfig


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, hidden) to the same."""
        parts = [
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, N, hidden/heads)
            for layer in (self.query, self.key, self.value)
        ]
        mixed = functional.scaled_dot_product_attention(*parts)
        answer: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return answer


class Mlp(nn.Module):
    """Two dense layers with GELU between them, dropout behind each."""

    def __init__(self, hidden: int, mlp: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(hidden, mlp)
        self.fc2 = nn.Linear(mlp, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, hidden) to the same."""
        answer: Tensor = self.dropout(self.fc2(self.dropout(functional.gelu(self.fc1(x)))))
        return answer


class Block(nn.Module):
    """Attention and MLP, each normalised before and added to its input."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.hidden, eps=1e-6)
        self.ffn_norm = nn.LayerNorm(config.hidden, eps=1e-6)
        self.ffn = Mlp(config.hidden, config.mlp, config.dropout)
        self.attn = Attention(config.hidden, config.heads)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, hidden) to the same."""
        x = x + self.attn(self.attention_norm(x))
        answer: Tensor = x + self.ffn(self.ffn_norm(x))
        return answer


class Encoder(nn.Module):
    """The blocks and a last LayerNorm."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.encoder_norm = nn.LayerNorm(config.hidden, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, hidden) to the same."""
        for block in self.layer:
            x = block(x)
        encoded: Tensor = self.encoder_norm(x)
        return encoded


class Embeddings(nn.Module):
    """Pixels to tokens with positions, through a ResNet where the architecture has one."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        inputs, patch = 3, config.patch
        self.hybrid_model = None
        if config.backbone == "r50":
            self.hybrid_model = ResNetV2(config.resnet_blocks, config.resnet_width)
            inputs, patch = 16 * config.resnet_width, 1  # a pixel of its map is a patch already
        self.patch_embeddings = nn.Conv2d(inputs, config.hidden, patch, patch)
        # The original starts at zero; a small spread lets random weights tell places apart.
        self.position_embeddings = nn.Parameter(torch.zeros(1, config.grid**2, config.hidden))
        nn.init.normal_(self.position_embeddings, std=0.02)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Tokens (B, N, hidden) of pixels (B, 3, S, S), and the ResNet's maps or none."""
        skips: list[Tensor] = []
        x = pixels
        if self.hybrid_model is not None:
            x, skips = self.hybrid_model(x)
        tokens = self.patch_embeddings(x).flatten(2).transpose(1, 2)
        return self.dropout(tokens + self.position_embeddings), skips


class Transformer(nn.Module):
    """Embeddings and encoder."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)

    def forward(self, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Encoded tokens (B, N, hidden), and the ResNet's maps or none."""
        tokens, skips = self.embeddings(pixels)
        return self.encoder(tokens), skips
