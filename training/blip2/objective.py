"""From a batch of pairs to BLIP-2's loss: the forward passes of one step."""

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from training.blip2.pairs import CroppedPairs, PairBatch
from training.fairclip.fair_loss import FairObjective
from training.losses.blip2 import (
    captioning_loss,
    contrastive_loss,
    draw_negatives,
    matching_loss,
    query_similarity,
)
from training.models.blip2 import Blip2

CROPS, GROUP_CROPS, CHANCE, QUEUE = 2, 3, 4, 5
"""Numbers that tell the draws of a step apart; 0 and 1 are the orders of samples and groups."""


def step_loss(
    model: Blip2, objective: FairObjective, pairs: CroppedPairs, step: int, index: IntArray
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a step, and its parts by name for the log.

    All that is drawn depends on the seed and the number of the step alone, so that a resumed run
    needs no state of any generator.

    Args:
        model: gets the gradient.
        objective: draws the groups' batches and adds up the loss.
        pairs: of the training split.
        step: from 0 on.
        index: (N,) sample numbers of the batch.

    Raises:
        DataError: a part is not finite, or an image is broken.
    """
    chance = np.random.SeedSequence([objective.seed, CHANCE, step]).generate_state(2)
    torch.manual_seed(int(chance[0]))  # dropout
    generator = torch.Generator().manual_seed(int(chance[1]))
    by_group = group_cosines(model, objective, pairs, step)
    size = model.sizes.image_size
    batch = pairs.fetch(index, size, (objective.seed, CROPS, step))
    patches, tokens = _patches(model, batch), _tokens(model, batch)
    seen, written = model.caption(patches, tokens)
    cosines = query_similarity(model.project_queries(seen), model.encode_text(tokens))
    logits = cosines / model.temperature
    losses = {
        "itc": contrastive_loss(logits),
        "itm": _matching(model, patches, tokens, logits, generator),
        "caption": captioning_loss(written, tokens, model.pieces.pad),
    }
    scale = 1 / model.temperature
    total, scalars = objective.loss(step, index, losses, cosines, scale, by_group)
    return total, scalars | {"temperature": model.temperature.item()}


def group_cosines(
    model: Blip2, objective: FairObjective, pairs: CroppedPairs, step: int
) -> dict[str, Tensor]:
    """Similarities of all images and texts of each group's batch, (M, M) by the group's name.

    All groups pass the model at once.
    """
    batches = objective.draws(step)
    if not batches:
        return {}
    key = objective.seed, GROUP_CROPS, step
    batch = pairs.fetch(np.concatenate(list(batches.values())), model.sizes.image_size, key)
    with torch.set_grad_enabled(objective.settings.group_grad == "on"):
        queries, texts = _encode(model, batch)
        sizes = [len(members) for members in batches.values()]
        both = zip(torch.split(queries, sizes), torch.split(texts, sizes), strict=True)
        found = [query_similarity(query, text) for query, text in both]
    return dict(zip(batches, found, strict=True))


@torch.no_grad()
def queue_drift(
    model: Blip2, objective: FairObjective, pairs: CroppedPairs, step: int
) -> dict[str, float]:
    """How far queued similarities are from those of today's model, for the log."""
    now = {}
    for group, index in objective.queued().items():
        batch = pairs.fetch(index, model.sizes.image_size, (objective.seed, QUEUE, step))
        now[group] = query_similarity(*_encode(model, batch)).diagonal()
    return objective.drift(now)


def _matching(
    model: Blip2, patches: Tensor, tokens: Tensor, logits: Tensor, generator: torch.Generator
) -> Tensor:
    """L_ITM of each pair, of each text with another image, and of each image with another text."""
    images = draw_negatives(logits.T, generator)
    texts = draw_negatives(logits, generator)
    all_patches = torch.cat([patches, patches[images], patches[: len(texts)]])
    all_tokens = torch.cat([tokens, tokens[: len(images)], tokens[texts]])
    return matching_loss(model.match(all_patches, all_tokens), len(patches))


def _encode(model: Blip2, batch: PairBatch) -> tuple[Tensor, Tensor]:
    queries = model.project_queries(model.look(_patches(model, batch)))
    return queries, model.encode_text(_tokens(model, batch))


def _patches(model: Blip2, batch: PairBatch) -> Tensor:
    return model.patches(model.squash.normalise(batch.crops.to(model.device)))


def _tokens(model: Blip2, batch: PairBatch) -> Tensor:
    return model.pieces(batch.texts).to(model.device)
