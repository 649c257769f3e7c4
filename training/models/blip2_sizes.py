"""Sizes of a BLIP-2 and its vocabulary, which together build it again."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from transformers import Blip2QFormerConfig, CLIPVisionConfig

from fairness.errors import UsageError
from training.models.blip2_text import MAX_TOKENS, PAD, require_marks

Count: TypeAlias = Annotated[int, Field(ge=1, le=100_000)]


@dataclass(frozen=True, kw_only=True)
class Blip2Sizes:
    """Architecture of a BLIP-2 and its vocabulary; the defaults are the paper's for ViT-L/14."""

    image_size: Count = 224
    patch_size: Count = 14
    vision_width: Count = 1024
    vision_layers: Count = 23
    """The release takes 23 of ViT-L's 24 blocks, LAVIS 21."""
    vision_heads: Count = 16
    vision_act: Literal["quick_gelu", "gelu"] = "quick_gelu"
    """OpenAI's towers have the quick one, PMC-CLIP's the exact one."""
    width: Count = 768
    layers: Count = 12
    heads: Count = 12
    queries: Count = 32
    embedding: Count = 256
    """Features of a projected query or text."""
    positions: Count = 512
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    vocabulary: tuple[str, ...]
    """BERT's tokens in the order of their ids."""

    def __post_init__(self) -> None:
        """Refuse what could be built but not run.

        Raises:
            UsageError: the vocabulary lacks a token, or a size does not fit another.
        """
        require_marks(self.vocabulary)
        if self.positions < MAX_TOKENS:
            raise UsageError(f"positions is {self.positions}; a text may have {MAX_TOKENS} tokens")
        if self.patch_size > self.image_size:
            raise UsageError(f"patch_size {self.patch_size} is above image_size {self.image_size}")


def tiny_sizes(vocabulary: tuple[str, ...]) -> Blip2Sizes:
    """Sizes for tests and for machines without a GPU."""
    return Blip2Sizes(
        image_size=96,
        patch_size=16,
        vision_width=64,
        vision_layers=2,
        vision_heads=2,
        width=64,
        layers=2,
        heads=2,
        queries=8,
        embedding=32,
        positions=32,
        dropout=0.0,
        vocabulary=vocabulary,
    )


def vision_config(sizes: Blip2Sizes) -> CLIPVisionConfig:
    """The image tower in the words of `transformers`."""
    return CLIPVisionConfig(
        hidden_size=sizes.vision_width,
        intermediate_size=4 * sizes.vision_width,
        num_hidden_layers=sizes.vision_layers,
        num_attention_heads=sizes.vision_heads,
        image_size=sizes.image_size,
        patch_size=sizes.patch_size,
        hidden_act=sizes.vision_act,
    )


def qformer_config(sizes: Blip2Sizes) -> Blip2QFormerConfig:
    """The Q-Former and its text embeddings in the words of `transformers`."""
    return Blip2QFormerConfig(
        vocab_size=len(sizes.vocabulary) + 1,  # [DEC] behind BERT's
        pad_token_id=sizes.vocabulary.index(PAD),
        hidden_size=sizes.width,
        intermediate_size=4 * sizes.width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        max_position_embeddings=sizes.positions,
        encoder_hidden_size=sizes.vision_width,
        hidden_dropout_prob=sizes.dropout,
        attention_probs_dropout_prob=sizes.dropout,
        use_qformer_text_input=True,
    )
