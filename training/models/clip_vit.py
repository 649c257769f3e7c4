"""CLIP's ViT with features of every patch instead of the class token, and adapted layers."""

from typing import cast

from torch import Tensor, nn
from transformers import CLIPVisionModel
from transformers.models.clip.modeling_clip import CLIPEncoderLayer

from training.models.low_rank import adapted


class PatchTransformer(nn.Module):
    """CLIP's ViT: pixels (B, 3, S, S) to patch features (B, M, E), not normalised."""

    def __init__(self, vision: CLIPVisionModel, projection: nn.Linear) -> None:
        """Take the tower as `transformers` builds it, with the projection behind it."""
        super().__init__()
        self.vision = vision
        self.projection = projection
        self.image_size = cast(int, vision.config.image_size)

    def forward(self, pixels: Tensor, rows: Tensor) -> Tensor:
        """Patch features; `rows` (B,) int64 choose the diagonals of adapted layers."""
        x = self.vision.pre_layrnorm(self.vision.embeddings(pixels))
        for block in self._blocks():
            x = x + block.self_attn(block.layer_norm1(x), attention_mask=None)[0]
            y = block.mlp.activation_fn(adapted(block.mlp.fc1, block.layer_norm2(x), rows))
            x = x + adapted(block.mlp.fc2, y, rows)
        patches = x[:, 1:]  # the class token is not asked
        return cast(Tensor, self.projection(self.vision.post_layernorm(patches)))

    def grouped_layers(self) -> list[tuple[nn.Module, str]]:
        """Layers that FairLoRA adapts by group, as owner and attribute: both of every MLP."""
        return [(block.mlp, name) for block in self._blocks() for name in ("fc1", "fc2")]

    def plain_layers(self) -> list[tuple[nn.Module, str]]:
        """Layers that it adapts alike for all groups: none."""
        return []

    def _blocks(self) -> list[CLIPEncoderLayer]:
        return [cast(CLIPEncoderLayer, block) for block in self.vision.encoder.layers]
