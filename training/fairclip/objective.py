"""From a batch of pairs to FairCLIP's loss: the forward passes of one step."""

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from training.fairclip.encoder import Encoder
from training.fairclip.fair_loss import FairObjective
from training.losses.clip_contrastive import clip_contrastive


def group_cosines(
    encoder: Encoder, batches: dict[str, IntArray], with_grad: bool
) -> dict[str, Tensor]:
    """Cosines of all images and texts of each group's batch, (M, M) by the group's name.

    All groups pass the model at once; in the authors' code without gradient.
    """
    if not batches:
        return {}
    with torch.set_grad_enabled(with_grad):
        images, texts = encoder(np.concatenate(list(batches.values())))
        sizes = [len(batch) for batch in batches.values()]
        both = zip(torch.split(images, sizes), torch.split(texts, sizes), strict=True)
        cosines = [image @ text.T for image, text in both]
    return dict(zip(batches, cosines, strict=True))


def step_loss(
    encoder: Encoder, objective: FairObjective, step: int, index: IntArray
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a step, and its parts by name for the log.

    Args:
        encoder: of the training split's pairs; its model gets the gradient.
        objective: draws the groups' batches and makes the loss.
        step: from 0 on.
        index: (N,) sample numbers of the batch.

    Raises:
        DataError: a part is not finite, or an image is broken.
    """
    with_grad = objective.settings.group_grad == "on"
    by_group = group_cosines(encoder, objective.draws(step), with_grad)
    images, texts = encoder(index)
    cosines, scale = images @ texts.T, encoder.model.logit_scale
    contrastive = clip_contrastive(scale * cosines)
    return objective.loss(step, index, {"clip": contrastive}, cosines, scale, by_group)


@torch.no_grad()
def queue_drift(encoder: Encoder, objective: FairObjective) -> dict[str, float]:
    """How far queued similarities are from those of today's model, for the log."""
    now = {}
    for group, index in objective.queued().items():
        images, texts = encoder(index)
        now[group] = (images * texts).sum(dim=1)
    return objective.drift(now)
