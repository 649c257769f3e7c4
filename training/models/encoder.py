"""Networks as encoders: features of images, or of images and notes, that a head can be put on."""

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any, cast

import torch
from torch import Tensor, nn

from training.checkpoint_record import Features
from training.models.blip2 import Blip2
from training.models.clip import Clip
from training.models.preprocess import Fit, Preprocess


class Encoder(nn.Module, ABC):
    """Crops of grey levels, and tokens where notes are read, to features."""

    def __init__(self, size: int, width: int, features: Features, fit: Fit) -> None:
        """Args: of an image; number of features; what is encoded; how an image gets its size."""
        super().__init__()
        self.prepare, self.width, self.features = Preprocess(size, fit), width, features

    @property
    def reads_text(self) -> bool:
        """Whether it takes tokens."""
        return self.features == "image-text"

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Device of the parameters."""

    @abstractmethod
    def forward(self, grey: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Features (B, width) of crops (B, S, S) of grey levels, and of tokens (B, L)."""

    @abstractmethod
    def architecture(self) -> dict[str, Any]:
        """From which the network is built again, as JSON has it."""

    @abstractmethod
    def trained(self) -> list[nn.Parameter]:
        """What fine-tuning trains."""


class ClipEncoder(Encoder):
    """CLIP's features, not normalised; those of the note stand behind those of the image."""

    def __init__(self, clip: Clip, features: Features, fit: Fit) -> None:
        one = cast(int, clip.towers.config.projection_dim)
        super().__init__(clip.image_size, one * (1 + (features == "image-text")), features, fit)
        self.clip = clip

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.clip.device

    def forward(self, grey: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Features (B, width) of crops (B, S, S) of grey levels, and of tokens (B, L)."""
        images = self.clip.project_pixels(self.prepare.normalise(grey))
        if tokens is None:
            return images
        return torch.cat([images, self.clip.project_text(tokens)], dim=1)

    def architecture(self) -> dict[str, Any]:
        """Configuration of CLIP."""
        found: dict[str, Any] = self.clip.towers.config.to_dict()
        return found

    def trained(self) -> list[nn.Parameter]:
        """The image tower, and the blocks of the text tower where notes are read."""
        named = self.clip.towers.named_parameters()
        wanted = [(n, p) for n, p in named if p.requires_grad and n != "logit_scale"]
        return [p for n, p in wanted if self.reads_text or not n.startswith("text_")]


class Blip2Encoder(Encoder):
    """The mean over BLIP-2's queries after they have seen an image."""

    def __init__(self, blip2: Blip2, fit: Fit) -> None:
        super().__init__(blip2.sizes.image_size, blip2.sizes.width, "image", fit)
        self.blip2 = blip2

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.blip2.device

    def forward(self, grey: Tensor, tokens: Tensor | None = None) -> Tensor:
        """Features (B, width) of crops (B, S, S) of grey levels."""
        return self.blip2.look(self.blip2.patches(self.prepare.normalise(grey))).mean(dim=1)

    def architecture(self) -> dict[str, Any]:
        """Sizes and vocabulary."""
        return asdict(self.blip2.sizes)

    def trained(self) -> list[nn.Parameter]:
        """What looks at the image behind the frozen tower."""
        parts = (self.blip2.ln_vision, self.blip2.qformer)
        return [self.blip2.query_tokens, *(p for part in parts for p in part.parameters())]
