"""CLIP with its preprocessing inside: two towers that answer unit features in one space.

Radford et al., ICML 2021; the network is the one of `transformers`. FairCLIP trains the whole image
tower and the blocks of the text tower; what it leaves frozen is listed in docs/methods.md.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig

from training.checkpoint import Stored
from training.models.clip_sizes import SIZES, Preset
from training.models.clip_weights import load
from training.models.preprocess import Preprocess

TRAINED = ("vision_model.", "visual_projection.", "text_model.encoder.")
"""Prefixes of the trained parameters. The rest is frozen: token and position embeddings and the
final LayerNorm of the text tower, the text projection, the logit scale."""


class Clip(nn.Module):
    """Stored images and tokens in, features of unit length out."""

    def __init__(self, towers: CLIPModel, train_all: bool = False) -> None:
        """Take the network as `transformers` builds it, and freeze what FairCLIP does not train.

        Args:
            towers: the network.
            train_all: freeze nothing.
        """
        super().__init__()
        self.towers = towers
        self.image_size = cast(int, _vision(towers.config).image_size)
        self.preprocess = Preprocess(self.image_size)
        for name, parameter in towers.named_parameters():
            parameter.requires_grad_(train_all or name.startswith(TRAINED))

    @property
    def logit_scale(self) -> Tensor:
        """Factor of the cosines in the contrastive loss: a scalar, 100 in OpenAI's CLIP."""
        return self.towers.logit_scale.exp()

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.towers.logit_scale.device

    def encode_image(self, images: Tensor) -> Tensor:
        """Features (B, E) of images as stored, (B, H, W) uint8 of any size."""
        return self.encode_pixels(self.preprocess(images))

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Features (B, E) of preprocessed images, (B, 3, image_size, image_size)."""
        return functional.normalize(self.project_pixels(pixels), dim=-1)

    def project_pixels(self, pixels: Tensor) -> Tensor:
        """The same before they are brought to unit length."""
        pooled = self.towers.vision_model(pixel_values=pixels).pooler_output  # (B, width)
        return cast(Tensor, self.towers.visual_projection(pooled))

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Features (B, E) of tokens (B, 77) int64, each row with an end token, padded behind it."""
        # The end token has the largest id. Attention is causal: what follows it changes nothing.
        longest = int(tokens.argmax(dim=1).max()) + 1
        return functional.normalize(self.project_text(tokens[:, :longest]), dim=-1)

    def project_text(self, tokens: Tensor) -> Tensor:
        """Features (B, E) of tokens (B, L), before they are brought to unit length."""
        pooled = self.towers.text_model(input_ids=tokens).pooler_output  # (B, width)
        return cast(Tensor, self.towers.text_projection(pooled))


def build(preset: Preset, weights: str | None, train_all: bool = False) -> Clip:
    """A CLIP in float32.

    Args:
        preset: name of its sizes.
        weights: None for random ones (from torch's global generator), else a file, a folder, or a
            name on the Hugging Face hub.
        train_all: train what FairCLIP leaves frozen, too.

    Raises:
        UsageError: the weights are not there, damaged, or of another architecture.
    """
    towers = CLIPModel(SIZES[preset].config()) if weights is None else load(weights, preset)
    return Clip(towers, train_all).eval()


def restore(stored: Stored) -> Clip:
    """The model of a checkpoint, on the CPU.

    Raises:
        DataError: the checkpoint's tensors do not fit its architecture.
    """
    with stored.building("CLIP"):
        model = Clip(CLIPModel(CLIPConfig.from_dict(stored.architecture)))
    stored.fill(model)
    return model


def _vision(config: CLIPConfig) -> CLIPVisionConfig:
    return cast(CLIPVisionConfig, config.vision_config)  # a dict only before CLIPConfig is built
