"""The three losses of BLIP-2's first stage (Li et al., ICML 2023, section 3.2).

    L = L_ITC + L_ITM + L_LM

L_ITC tells the text of an image from the other texts of a batch, L_ITM a pair from one with a hard
negative, L_LM writes the text of the image.
"""

import torch
from torch import Tensor
from torch.nn import functional

SMOOTHING = 0.1
"""Label smoothing of the contrastive and the captioning loss."""
FLOOR = 1e-4
"""Added to the chance of every negative, as the release does."""


def query_similarity(queries: Tensor, texts: Tensor) -> Tensor:
    """Similarity (N, M) of images and texts: the largest cosine over the queries.

    Args:
        queries: (N, Q, E) unit features of images.
        texts: (M, E) unit features of texts.
    """
    return (queries @ texts.T).amax(dim=1)


def contrastive_loss(logits: Tensor) -> Tensor:
    """L_ITC, a scalar: the mean of both directions' smoothed cross-entropies.

    Args:
        logits: (N, N) similarities by temperature; row i is image i, and text i belongs to it.
    """
    pairs = torch.arange(len(logits), device=logits.device)
    images = functional.cross_entropy(logits, pairs, label_smoothing=SMOOTHING)
    texts = functional.cross_entropy(logits.T, pairs, label_smoothing=SMOOTHING)
    return (images + texts) / 2


def negative_chances(logits: Tensor) -> Tensor:
    """Weight (N, N) of column j as the negative of row i: softmax and a floor; 0 for its own."""
    chances = logits.detach().softmax(dim=1) + FLOOR
    return chances.fill_diagonal_(0)


def draw_negatives(logits: Tensor, generator: torch.Generator) -> Tensor:
    """A negative for each row of logits (N, N), (N,): likelier the more similar; none where N = 1.

    Args:
        logits: rows are images and columns texts, or the reverse.
        generator: on the CPU.
    """
    if len(logits) == 1:
        return torch.zeros(0, dtype=torch.int64, device=logits.device)
    chosen = torch.multinomial(negative_chances(logits).cpu(), 1, generator=generator)
    return chosen[:, 0].to(logits.device)


def matching_loss(logits: Tensor, pairs: int) -> Tensor:
    """L_ITM, a scalar: cross-entropy of logits (M, 2) whose first `pairs` rows belong together."""
    belongs = (torch.arange(len(logits), device=logits.device) < pairs).long()
    return functional.cross_entropy(logits, belongs)


def captioning_loss(logits: Tensor, tokens: Tensor, pad: int) -> Tensor:
    """L_LM, a scalar: smoothed cross-entropy of each token from those before it.

    Args:
        logits: (B, T, V) of the token behind each.
        tokens: (B, T) ids.
        pad: id of padding, which is not learned.
    """
    following = tokens[:, 1:].masked_fill(tokens[:, 1:] == pad, -100)
    return functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), following.flatten(), label_smoothing=SMOOTHING
    )
