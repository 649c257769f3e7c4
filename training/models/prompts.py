"""Zero-shot classification: CLIP's tokens of a text, and the score between two prompts."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from instant_clip_tokenizer import Tokenizer
from torch import Tensor

CONTEXT = 77
"""Tokens of one text, start and end included."""


def tokenize(texts: Sequence[str]) -> Tensor:
    """OpenAI's CLIP tokens, (B, 77) int64, padded with 0 behind the end token.

    A longer text loses its tail, never the end token.
    """
    tokens = _tokenizer().tokenize_batch(list(texts), context_length=CONTEXT)
    return torch.from_numpy(tokens.astype(np.int64))


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer()


def zero_shot_score(images: Tensor, prompts: Tensor) -> Tensor:
    """P(positive class), (B, 1) in about 0.12..0.88: the softmax over the two cosines.

    FairCLIP leaves out CLIP's logit scale here, so scores crowd around 0.5; their order, and so
    the AUC, is the same with and without it.

    Args:
        images: (B, E) unit features.
        prompts: (2, E) unit features of the negative and the positive prompt.
    """
    cosines = images @ prompts.T  # (B, 2)
    return torch.sigmoid(cosines[:, 1:] - cosines[:, :1])
