"""From a batch of pairs to FairCLIP's loss: the forward passes of one step."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.errors import DataError
from training.fairclip.pairs import Pairs
from training.losses.fairclip import fairclip_loss, paired_similarity
from training.models.clip import Clip


def encode(model: Clip, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Image and text features (N, E) of crops (N, S, S) uint8 and tokens (N, 77)."""
    crops, tokens = (part.to(model.device) for part in batch)
    return model.encode_pixels(model.preprocess.normalise(crops)), model.encode_text(tokens)


def group_similarities(
    model: Clip, pairs: Pairs, batches: Mapping[str, IntArray]
) -> dict[str, Tensor]:
    """Similarity of image and text for a batch of each group, (M,) by the group's name.

    All groups pass the model at once, and without gradient, as in the authors' code.
    """
    if not batches:
        return {}
    with torch.no_grad():
        features = encode(model, pairs.fetch(np.concatenate(list(batches.values()))))
    sizes = [len(batch) for batch in batches.values()]
    return dict(zip(batches, torch.split(paired_similarity(*features), sizes), strict=True))


def step_loss(
    model: Clip,
    batch: tuple[Tensor, Tensor],
    by_group: Mapping[str, Tensor],
    weight: float,
    blur: float,
    scaling: float,
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a step, and its parts by name for the log.

    Args:
        model: gets the gradient.
        batch: crops (N, S, S) uint8 and tokens (N, 77).
        by_group: similarities (M,) from `group_similarities`.
        weight: lambda of the fair term.
        blur: of the Sinkhorn divergence, on the scale of cosines.
        scaling: of its annealing.

    Raises:
        DataError: a part is not finite.
    """
    images, texts = encode(model, batch)
    loss = fairclip_loss(images, texts, model.logit_scale, by_group, weight, blur, scaling)
    scalars = {"loss/total": loss.total.item(), "loss/clip": loss.contrastive.item()}
    scalars["similarity/batch"] = paired_similarity(images, texts).mean().item()
    scalars |= {f"similarity/{group}": values.mean().item() for group, values in by_group.items()}
    scalars |= {f"sinkhorn/{group}": value.item() for group, value in loss.distances.items()}
    for name, value in scalars.items():
        if not math.isfinite(value):
            raise DataError(f"training diverged: {name} is {value}; lower --lr or --fair-lambda")
    return loss.total, scalars
