"""An encoder with a head: stored images, and notes where it reads them, to a probability."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel

from training.checkpoint import Stored
from training.checkpoint_record import Features, Head
from training.models.clip import Clip
from training.models.head import build_head
from training.models.preprocess import Fit, Preprocess


@dataclass(frozen=True)
class Shape:
    """What a classifier is built from."""

    encoder: dict[str, Any]
    """Configuration of CLIP."""
    features: Features
    fit: Fit
    head: Head


class Encoder(nn.Module):
    """CLIP's features of images, or of images and notes side by side, not normalised."""

    def __init__(self, clip: Clip, features: Features, fit: Fit) -> None:
        """Args: the network; what is encoded; how an image is brought to its size."""
        super().__init__()
        self.clip, self.features = clip, features
        self.prepare = Preprocess(clip.image_size, fit)
        self.reads_text = features == "image-text"
        self.width = cast(int, clip.towers.config.projection_dim) * (2 if self.reads_text else 1)

    def forward(self, grey: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Features (B, width) of crops (B, S, S) of grey levels, and of tokens (B, 77)."""
        images = self.clip.project_pixels(self.prepare.normalise(grey))
        if tokens is None:
            return images
        return torch.cat([images, self.clip.project_text(tokens)], dim=1)


class Classifier(nn.Module):
    """An encoder and its head."""

    def __init__(self, encoder: Encoder, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, images: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Logits of the positive class (B, 1) of images (B, H, W) uint8 and tokens (B, 77)."""
        logits: Tensor = self.head(self.encoder(self.encoder.prepare.crop(images), tokens))
        return logits


def restore(stored: Stored) -> Classifier:
    """The classifier of a checkpoint, on the CPU.

    Raises:
        DataError: the checkpoint's tensors do not fit its architecture.
    """
    shape = stored.configuration(Shape, "classifier")
    with stored.building("classifier"):
        clip = Clip(CLIPModel(CLIPConfig.from_dict(shape.encoder)))
        encoder = Encoder(clip, shape.features, shape.fit)
        model = Classifier(encoder, build_head(shape.head, encoder.width))
    stored.fill(model)
    return model
