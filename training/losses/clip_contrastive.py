"""The contrastive loss of CLIP (Radford et al., ICML 2021, figure 3)."""

import torch
from torch import Tensor
from torch.nn import functional


def clip_contrastive(logits: Tensor) -> Tensor:
    """Mean of the image-to-text and the text-to-image cross-entropy, a scalar >= 0.

    Args:
        logits: (N, N) cosines times the logit scale; row i is image i against all texts, and text
            i belongs to image i.
    """
    pairs = torch.arange(len(logits), device=logits.device)
    image_to_text = functional.cross_entropy(logits, pairs)
    text_to_image = functional.cross_entropy(logits.T, pairs)
    return (image_to_text + text_to_image) / 2
