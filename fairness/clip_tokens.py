"""Texts as OpenAI's CLIP reads them: numbers of the pieces of words."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from instant_clip_tokenizer import Tokenizer

from fairness.arrays import IntArray

CONTEXT = 77
"""Tokens of one text, start and end included."""


def clip_tokens(texts: Sequence[str]) -> IntArray:
    """Tokens, (B, 77) int64, padded with 0 behind the end token.

    A longer text loses its tail, never the end token.
    """
    tokens: IntArray = _tokenizer().tokenize_batch(list(texts), context_length=CONTEXT)
    return tokens.astype(np.int64)


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer()
