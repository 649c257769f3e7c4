"""Zero-shot classification: CLIP's tokens of a text, and the score between two prompts."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fairness.clip_tokens import clip_tokens


def tokenize(texts: Sequence[str]) -> Tensor:
    """OpenAI's CLIP tokens, (B, 77) int64, padded with 0 behind the end token.

    A longer text loses its tail, never the end token.
    """
    return torch.from_numpy(clip_tokens(texts))


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
