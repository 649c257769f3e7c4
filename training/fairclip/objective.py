"""From a batch of pairs to FairCLIP's loss: the forward passes of one step."""

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from training.fairclip.fair_loss import FairObjective
from training.fairclip.pairs import Pairs
from training.losses.clip_contrastive import clip_contrastive
from training.models.clip import Clip


def encode(model: Clip, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Image and text features (N, E) of crops (N, S, S) uint8 and tokens (N, 77)."""
    crops, tokens = (part.to(model.device) for part in batch)
    return model.encode_pixels(model.preprocess.normalise(crops)), model.encode_text(tokens)


def group_cosines(
    model: Clip, pairs: Pairs, batches: dict[str, IntArray], with_grad: bool
) -> dict[str, Tensor]:
    """Cosines of all images and texts of each group's batch, (M, M) by the group's name.

    All groups pass the model at once; in the authors' code without gradient.
    """
    if not batches:
        return {}
    with torch.set_grad_enabled(with_grad):
        images, texts = encode(model, pairs.fetch(np.concatenate(list(batches.values()))))
        sizes = [len(batch) for batch in batches.values()]
        both = zip(torch.split(images, sizes), torch.split(texts, sizes), strict=True)
        cosines = [image @ text.T for image, text in both]
    return dict(zip(batches, cosines, strict=True))


def step_loss(
    model: Clip, objective: FairObjective, pairs: Pairs, step: int, index: IntArray
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a step, and its parts by name for the log.

    Args:
        model: gets the gradient.
        objective: draws the groups' batches and makes the loss.
        pairs: of the training split.
        step: from 0 on.
        index: (N,) sample numbers of the batch.

    Raises:
        DataError: a part is not finite, or an image is broken.
    """
    with_grad = objective.settings.group_grad == "on"
    by_group = group_cosines(model, pairs, objective.draws(step), with_grad)
    images, texts = encode(model, pairs.fetch(index))
    cosines = images @ texts.T
    contrastive = clip_contrastive(model.logit_scale * cosines)
    return objective.loss(step, index, {"clip": contrastive}, cosines, model.logit_scale, by_group)


@torch.no_grad()
def queue_drift(model: Clip, objective: FairObjective, pairs: Pairs) -> dict[str, float]:
    """How far queued similarities are from those of today's model, for the log."""
    now = {}
    for group, index in objective.queued().items():
        images, texts = encode(model, pairs.fetch(index))
        now[group] = (images * texts).sum(dim=1)
    return objective.drift(now)
