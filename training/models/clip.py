"""CLIP with its preprocessing inside: two towers that answer unit features in one space.

Radford et al., ICML 2021; the network is the one of `transformers`. FairCLIP trains the whole image
tower and the blocks of the text tower; what it leaves frozen is listed in docs/methods.md.
"""

from typing import Any, Literal, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig

from fairness.errors import UsageError
from training.checkpoint import Stored
from training.models.preprocess import Preprocess

Preset: TypeAlias = Literal["tiny", "vit-b16"]

TRAINED = ("vision_model.", "visual_projection.", "text_model.encoder.")
"""Prefixes of the trained parameters. The rest is frozen: token and position embeddings and the
final LayerNorm of the text tower, the text projection, the logit scale."""


def tiny_config() -> CLIPConfig:
    """Learns the synthetic data from random weights in a minute on one core: demo and tests.

    The frozen logit scale stays where CLIP's starts, at 1 / 0.07: from random weights OpenAI's
    final 100 hardly learns.
    """
    tower = {"hidden_size": 64, "intermediate_size": 256, "num_attention_heads": 2}
    return CLIPConfig(
        text_config={**tower, "num_hidden_layers": 1, "eos_token_id": 49407},
        vision_config={**tower, "num_hidden_layers": 2, "image_size": 96, "patch_size": 16},
        projection_dim=64,
    )


def vit_b16_config() -> CLIPConfig:
    """OpenAI's ViT-B/16: 149.6 million parameters, 224 x 224 pixels, 512 features."""
    return CLIPConfig(text_config={"eos_token_id": 49407}, vision_config={"patch_size": 16})


class Clip(nn.Module):
    """Stored images and tokens in, features of unit length out."""

    def __init__(self, towers: CLIPModel) -> None:
        """Take the network as `transformers` builds it, and freeze what FairCLIP does not train."""
        super().__init__()
        self.towers = towers
        self.image_size = cast(int, _vision(towers.config).image_size)
        self.preprocess = Preprocess(self.image_size)
        for name, parameter in towers.named_parameters():
            parameter.requires_grad_(name.startswith(TRAINED))

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


def build(preset: Preset, weights: str | None) -> Clip:
    """A CLIP in float32.

    Args:
        preset: `tiny`, or `vit-b16`.
        weights: None for random ones (from torch's global generator), else a folder or a name on
            the Hugging Face hub that `transformers` can read.

    Raises:
        UsageError: the weights are not there, or belong to another architecture.
    """
    config = tiny_config() if preset == "tiny" else vit_b16_config()
    if weights is None:
        return Clip(CLIPModel(config)).eval()
    if preset == "tiny":
        raise UsageError("the preset tiny starts from random weights: leave --weights out")
    return Clip(_pretrained(weights, config)).eval()


def restore(stored: Stored) -> Clip:
    """The model of a checkpoint, on the CPU.

    Raises:
        DataError: the checkpoint's tensors do not fit its architecture.
    """
    with stored.building("CLIP"):
        model = Clip(CLIPModel(CLIPConfig.from_dict(stored.architecture)))
    stored.fill(model)
    return model


def _pretrained(weights: str, expected: CLIPConfig) -> CLIPModel:
    how = (
        "get them once with `hf download openai/clip-vit-base-patch16 --local-dir "
        "weights/clip-vit-base-patch16` and pass --weights weights/clip-vit-base-patch16, "
        "or use --preset tiny"
    )
    try:
        found = CLIPConfig.from_pretrained(weights)
        if _shape(found) != _shape(expected):
            raise UsageError(f"{weights} holds {_shape(found)}, not {_shape(expected)}; {how}")
        loaded: Any = CLIPModel.from_pretrained(
            weights, dtype="float32", weights_only=True, output_loading_info=True
        )
    except UsageError:
        raise
    except OSError:
        raise UsageError(f"no CLIP weights at '{weights}', and no hub in reach; {how}") from None
    except Exception as error:  # what a damaged or a hostile file raises; no code of it is run
        kind = type(error).__name__
        raise UsageError(f"{weights}: not readable as CLIP's weights ({kind}); {how}") from None
    model, info = loaded
    if absent := sorted(info["missing_keys"]):
        raise UsageError(f"{weights} lacks {absent[0]}, which would stay random; {how}")
    return cast(CLIPModel, model)


def _shape(config: CLIPConfig) -> str:
    vision = _vision(config)
    return (
        f"patches of {vision.patch_size} in {vision.image_size} pixels, width {vision.hidden_size}"
    )


def _vision(config: CLIPConfig) -> CLIPVisionConfig:
    return cast(CLIPVisionConfig, config.vision_config)  # a dict only before CLIPConfig is built
