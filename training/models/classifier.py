"""An encoder with a head: stored images, and notes where it reads them, to a probability."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPModel

from training.checkpoint import Stored
from training.checkpoint_record import Features, Head
from training.models.blip2 import Blip2
from training.models.blip2_sizes import Blip2Sizes
from training.models.clip import Clip
from training.models.encoder import Blip2Encoder, ClipEncoder, Encoder
from training.models.head import build_head
from training.models.preprocess import Fit


@dataclass(frozen=True)
class Shape:
    """What a classifier is built from."""

    network: Literal["clip", "blip2"]
    encoder: dict[str, Any]
    """As `Encoder.architecture` gives it."""
    features: Features
    fit: Fit
    head: Head


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
        encoder = build_encoder(shape)
        model = Classifier(encoder, build_head(shape.head, encoder.width))
    stored.fill(model)
    return model


def build_encoder(shape: Shape) -> Encoder:
    """An encoder with random weights; errors of many kinds where it cannot be built."""
    if shape.network == "blip2":
        sizes = TypeAdapter(Blip2Sizes).validate_python(shape.encoder)
        return Blip2Encoder(Blip2(sizes), shape.fit)
    clip = Clip(CLIPModel(CLIPConfig.from_dict(shape.encoder)))
    return ClipEncoder(clip, shape.features, shape.fit)
