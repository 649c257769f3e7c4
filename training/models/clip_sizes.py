"""The CLIPs that are trained here, as a table of their sizes."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from transformers import CLIPConfig

Preset: TypeAlias = Literal["tiny", "vit-b16", "vit-l14"]
Activation: TypeAlias = Literal["quick_gelu", "gelu"]

END = 49407
"""Id of the end token, the last of OpenAI's vocabulary of 49,408; 77 tokens are a text."""


@dataclass(frozen=True, kw_only=True)
class Tower:
    """Sizes of a transformer; its MLPs are four times as wide."""

    width: int
    layers: int
    heads: int


@dataclass(frozen=True, kw_only=True)
class ClipSizes:
    """Sizes of both towers."""

    image_size: int
    """Height and width in pixels."""
    patch: int
    """Height and width of a patch in pixels."""
    vision: Tower
    text: Tower
    features: int
    """Length of the features of an image or a text."""
    hub: str | None = None
    """Name of OpenAI's weights on the Hugging Face hub; None: there are none."""

    def config(self, activation: Activation = "quick_gelu") -> CLIPConfig:
        """The same in the words of `transformers`.

        Args:
            activation: of the MLPs: OpenAI's QuickGELU, x sigmoid(1.702 x), or the exact GELU.
        """
        vision, text = (
            {
                "hidden_size": tower.width,
                "intermediate_size": 4 * tower.width,
                "num_hidden_layers": tower.layers,
                "num_attention_heads": tower.heads,
                "hidden_act": activation,
            }
            for tower in (self.vision, self.text)
        )
        return CLIPConfig(
            vision_config={**vision, "image_size": self.image_size, "patch_size": self.patch},
            text_config={**text, "eos_token_id": END},
            projection_dim=self.features,
        )


SIZES: dict[Preset, ClipSizes] = {
    # Learns the synthetic data from random weights in a minute on one core: demo and tests. The
    # frozen logit scale stays where CLIP's starts, at 1 / 0.07: from random weights OpenAI's final
    # 100 hardly learns.
    "tiny": ClipSizes(
        image_size=96,
        patch=16,
        vision=Tower(width=64, layers=2, heads=2),
        text=Tower(width=64, layers=1, heads=2),
        features=64,
    ),
    # OpenAI's ViT-B/16: 149.6 million parameters.
    "vit-b16": ClipSizes(
        image_size=224,
        patch=16,
        vision=Tower(width=768, layers=12, heads=12),
        text=Tower(width=512, layers=12, heads=8),
        features=512,
        hub="openai/clip-vit-base-patch16",
    ),
    # OpenAI's ViT-L/14: 427.6 million parameters.
    "vit-l14": ClipSizes(
        image_size=224,
        patch=14,
        vision=Tower(width=1024, layers=24, heads=16),
        text=Tower(width=768, layers=12, heads=12),
        features=768,
        hub="openai/clip-vit-large-patch14",
    ),
}
"""The architectures by the names of their presets (Radford et al., ICML 2021, table 20)."""
