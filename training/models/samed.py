"""SAMed (Zhang and Liu, 2023), one of FairSeg's two networks: Segment Anything, adapted with LoRA.

The image encoder is frozen but for rank-4 adapters on queries and values; prompt encoder and mask
decoder are trained. No prompt is given, and all three mask tokens answer, one a class: background,
rim, cup. Encoder and decoder blocks are those of `transformers`; docs/methods.md has the counts.
"""

import copy
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    SamConfig,
    SamMaskDecoderConfig,
    SamModel,
    SamPromptEncoderConfig,
    SamVisionConfig,
)
from transformers.models.sam.modeling_sam import SamVisionAttention

from fairness.errors import UsageError
from training.models.lora import LoraQkv

PATCH = 16
"""Pixels of a token's side."""


@dataclass(frozen=True, kw_only=True)
class SamedConfig:
    """Sizes of the network; the defaults are SAM ViT-B at SAMed's 512 pixels."""

    image_size: int = 512
    """Pixels of a side, a multiple of 16; TransUNet's 224 works as well."""
    dim: int = 768
    """Width of the image encoder."""
    depth: int = 12
    heads: int = 12
    global_blocks: tuple[int, ...] = (2, 5, 8, 11)
    """Blocks that attend to the whole image; the others attend within windows."""
    window: int = 14
    """Tokens of a window's side."""
    channels: int = 256
    """Width of the encoder's answer and of the decoder."""
    decoder_heads: int = 8
    decoder_mlp: int = 2048
    rank: int = 4
    """Of the adapters."""

    def __post_init__(self) -> None:
        """Refuse sizes that do not divide as the network divides them."""
        if self.image_size < PATCH or self.image_size % PATCH:
            raise UsageError(f"image_size = {self.image_size}: SAM takes multiples of {PATCH}")
        if min(value for value in asdict(self).values() if isinstance(value, int)) < 1:
            raise UsageError(f"{self}: every size is at least 1")
        if self.dim % self.heads or self.channels % 8 or self.channels // 2 % self.decoder_heads:
            raise UsageError(f"{self}: heads divide dim, and half of channels, a multiple of 8")


VIT_B = SamedConfig()

TINY = SamedConfig(
    image_size=128,
    dim=64,
    depth=3,
    heads=2,
    global_blocks=(2,),
    window=3,
    channels=64,
    decoder_heads=2,
    decoder_mlp=128,
)
"""Learns the synthetic data from random weights in a minute or two on one core: demo and tests."""


class Samed(nn.Module):
    """Pixels (B, 3, S, S) in [0, 1] to logits of background, rim and cup.

    As in SAMed, pixels are not standardised. Of the trained parameters the head that rates masks,
    and the prompts other than `no_mask_embed`, never get a gradient.
    """

    classes = 3
    grid: Tensor

    def __init__(self, config: SamedConfig) -> None:
        """Draw random weights from torch's global generator, and freeze the untrained parts."""
        super().__init__()
        self.config = config
        self.image_size = config.image_size
        self.features = config.channels  # of what `loss_logits` pools
        sam = _random_sam(config)
        self.vision_encoder = sam.vision_encoder.requires_grad_(False)
        self.prompt_encoder = sam.prompt_encoder
        self.mask_decoder = sam.mask_decoder
        for attention in _attentions(self):
            attention.register_module("qkv", LoraQkv(attention.qkv, config.rank))
        side = config.image_size // PATCH
        centres = (torch.arange(side) + 0.5) / side
        grid = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1)  # x, y
        self.register_buffer("grid", grid, persistent=False)  # (side, side, 2)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (B, 3, S, S); the class of a pixel is the arg-max of its three."""
        logits, _ = self.loss_logits(pixels)
        size = (self.image_size, self.image_size)
        return functional.interpolate(logits, size, mode="bilinear", align_corners=False)

    def loss_logits(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits where SAMed takes its loss, (B, 3, S/4, S/4), and pooled features (B, channels).

        The features are the means over the image of the encoder's output.
        """
        features: Tensor = self.vision_encoder(pixels).last_hidden_state  # (B, C, S/16, S/16)
        return self._decode(features), features.mean(dim=(2, 3))

    def _decode(self, features: Tensor) -> Tensor:
        """SAM's mask decoder, which as published drops the first mask or all but the first."""
        decoder, batch = self.mask_decoder, features.shape[0]
        tokens = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])  # (1 + 3, C)
        positions = self.prompt_encoder.shared_embedding(self.grid).permute(2, 0, 1)
        queries, keys = decoder.transformer(
            tokens.expand(batch, 1, -1, -1),
            features + self.prompt_encoder.no_mask_embed.weight[:, :, None, None],
            positions.expand(batch, -1, -1, -1),
            attention_similarity=None,
        )  # (B, 1, 1 + 3, C), (B, 1, S/16 * S/16, C)
        image: Tensor = keys.squeeze(1).transpose(1, 2).reshape(features.shape)
        image = decoder.activation(decoder.upscale_layer_norm(decoder.upscale_conv1(image)))
        image = decoder.activation(decoder.upscale_conv2(image))  # (B, C/8, S/4, S/4)
        heads = enumerate(decoder.output_hypernetworks_mlps, start=1)
        weights = torch.stack([head(queries[:, 0, i]) for i, head in heads], dim=1)  # (B, 3, C/8)
        return (weights @ image.flatten(2)).reshape(batch, self.classes, *image.shape[2:])

    def merged(self) -> "Samed":
        """A copy to serve, its adapters folded into the projections they adapt."""
        copied = copy.deepcopy(self)
        for attention in _attentions(copied):
            projection = attention.get_submodule("qkv")
            if isinstance(projection, LoraQkv):
                attention.register_module("qkv", projection.merged())
        return copied


def _attentions(model: nn.Module) -> list[SamVisionAttention]:
    """Of the image encoder, in the order of its blocks."""
    return [module for module in model.modules() if isinstance(module, SamVisionAttention)]


def _random_sam(config: SamedConfig) -> SamModel:
    """SAM, drawn as the original draws it but for its position tables, which there start at zero.

    `transformers` would draw the encoder with a deviation of 1e-10: all images would look alike.
    """
    sam = SamModel(sam_config(config))
    for module in sam.modules():
        if isinstance(
            module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.LayerNorm | nn.Embedding
        ):
            module.reset_parameters()
    for name, parameter in sam.vision_encoder.named_parameters():
        if name.endswith(("pos_embed", "rel_pos_h", "rel_pos_w")):
            nn.init.normal_(parameter, std=0.02)
    # The frequencies of the image's position code are constants in the original, not parameters.
    frequencies = sam.prompt_encoder.shared_embedding
    drawn = torch.randn_like(frequencies.positional_embedding)
    del frequencies.positional_embedding
    frequencies.register_buffer("positional_embedding", drawn)
    return sam


def sam_config(config: SamedConfig) -> SamConfig:
    """The same sizes for `transformers`, with three masks and the original's epsilons."""
    return SamConfig(
        vision_config=SamVisionConfig(
            hidden_size=config.dim,
            output_channels=config.channels,
            num_hidden_layers=config.depth,
            num_attention_heads=config.heads,
            image_size=config.image_size,
            window_size=config.window,
            global_attn_indexes=list(config.global_blocks),
            num_pos_feats=config.channels // 2,
        ),
        prompt_encoder_config=SamPromptEncoderConfig(
            hidden_size=config.channels, image_size=config.image_size
        ),
        mask_decoder_config=SamMaskDecoderConfig(
            hidden_size=config.channels,
            mlp_dim=config.decoder_mlp,
            num_attention_heads=config.decoder_heads,
            num_multimask_outputs=Samed.classes - 1,  # besides the single mask, which counts too
            iou_head_hidden_dim=config.channels,
            layer_norm_eps=1e-5,  # the original's; `transformers` has 1e-6
        ),
    )
