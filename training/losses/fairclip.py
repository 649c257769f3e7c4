"""FairCLIP's fair term (Luo et al., CVPR 2024, section 3), as the paper and the release have it.

    L = L_CLIP + lambda * sum over groups a of S(D, D_a)

D is the distribution of one number a pair over a batch, D_a the same over a batch from group a, S
the Sinkhorn divergence. The modes differ in the number and in how both sides are normalised. All
here is a function of similarity matrices, whatever model they come from. docs/methods.md says what
the released term measures.
"""

from collections.abc import Mapping

from torch import Tensor

from training.losses.fair_settings import FairMode, ScoreScale
from training.losses.sinkhorn import sinkhorn_divergence


def pair_values(cosines: Tensor, logit_scale: Tensor, mode: FairMode, scale: ScoreScale) -> Tensor:
    """The number of each pair whose distribution the fair term compares, (N,).

    Args:
        cosines: (N, N) similarities; row i is image i against all texts, and text i belongs to it.
        logit_scale: scalar that makes logits L of cosines.
        mode: `paper`: the diagonal, image against its own text. `released` and `normalized`: the
            diagonal of the matrix product L L, as the released code has it.
        scale: whether `paper` takes cosines or logits.
    """
    if mode != "paper":
        logits = logit_scale * cosines
        return (logits * logits.T).sum(dim=1)
    own = cosines.diagonal()
    return own if scale == "cosine" else logit_scale * own


def fair_distances(
    batch: Tensor, by_group: Mapping[str, Tensor], mode: FairMode, blur: float, scaling: float
) -> dict[str, Tensor]:
    """S(D, D_a) by group, a scalar each, on the device of `batch`; computed on the CPU.

    Args:
        batch: (N,) numbers of `pair_values`.
        by_group: group name to such numbers (M,) of a batch from that group; any M >= 1.
        mode: `released` divides the side of the group by its sum, `normalized` both sides.
        blur: of the Sinkhorn divergence, in the unit of what is compared.
        scaling: of its annealing.
    """
    # Some 300 tiny operations a group: on a GPU each would cost a launch, and all of them more
    # than the model's own pass (benchmarks/gpu.md).
    device, batch = batch.device, batch.cpu()
    by_group = {group: values.cpu() for group, values in by_group.items()}
    if mode == "normalized":
        batch = batch / batch.sum()
    if mode in ("released", "normalized"):
        by_group = {group: values / values.sum() for group, values in by_group.items()}
    return {
        group: sinkhorn_divergence(batch, values, blur, scaling).to(device)
        for group, values in by_group.items()
    }
