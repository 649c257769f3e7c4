"""The loss of FairCLIP as the paper defines it (Luo et al., CVPR 2024, section 3).

    L = L_CLIP + lambda * sum over groups a of S(D, D_a)

D is the distribution of the similarity between image and text over a batch of pairs, D_a the same
over a batch from group a, S the Sinkhorn divergence. The authors' released code computes another
fair term, which carries no group signal: docs/methods.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from training.losses.clip_contrastive import clip_contrastive
from training.losses.sinkhorn import sinkhorn_divergence


@dataclass(frozen=True)
class Parts:
    """A loss and its parts, all scalars with a gradient."""

    total: Tensor
    contrastive: Tensor
    distances: Mapping[str, Tensor]
    """S(D, D_a) by group."""


def fairclip_loss(
    images: Tensor,
    texts: Tensor,
    logit_scale: Tensor,
    by_group: Mapping[str, Tensor],
    weight: float,
    blur: float,
    scaling: float,
) -> Parts:
    """The loss of a batch of pairs; without any group it is CLIP's.

    Args:
        images: (N, E) unit features.
        texts: (N, E) unit features; row i belongs to image i.
        logit_scale: scalar that multiplies cosines in the contrastive part only.
        by_group: group name to the similarities (M,) of a batch from that group; any M >= 1.
        weight: the paper's lambda.
        blur: of the Sinkhorn divergence, on the scale of cosines.
        scaling: of its annealing.
    """
    contrastive = clip_contrastive(logit_scale * images @ texts.T)
    distances = fair_distances(paired_similarity(images, texts), by_group, blur, scaling)
    fair_term = sum(distances.values(), contrastive.new_zeros(()))
    return Parts(contrastive + weight * fair_term, contrastive, distances)


def paired_similarity(images: Tensor, texts: Tensor) -> Tensor:
    """Cosine of each image with its own text, (N,): the diagonal of the similarity matrix."""
    return (images * texts).sum(dim=1)


def fair_distances(
    similarity: Tensor, by_group: Mapping[str, Tensor], blur: float, scaling: float
) -> dict[str, Tensor]:
    """S(D, D_a) by group, a scalar each, between similarities (N,) and those of the group, (M,)."""
    return {
        group: sinkhorn_divergence(similarity, values, blur, scaling)
        for group, values in by_group.items()
    }
