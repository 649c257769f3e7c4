"""Patches against prompts: the mean of cosines, and FedOTP's partial optimal transport.

Both take unnormalised patch features (B, M, E) and unit prompt features (N, C, E) of N prompts for
each of C classes, and answer logits (B, C).
"""

import torch
from torch import Tensor
from torch.nn import functional

EPSILON = 0.1
"""Entropic regularisation of the transport plan."""
MASS = 0.8
"""Share of the patches' mass that is transported."""
ITERATIONS = 100
TRANSPORT_SCALE = 100.0


def mean_logits(patches: Tensor, prompts: Tensor, scale: Tensor) -> Tensor:
    """`scale` times the mean cosine over patches and prompts; FairLoRA's head."""
    # The mean is bilinear: averaging both sides first gives the same with one product.
    image = functional.normalize(patches, dim=-1).mean(dim=1)  # (B, E)
    return scale * image @ prompts.mean(dim=0).T


def transport_logits(patches: Tensor, prompts: Tensor) -> Tensor:
    """100 times the cosines weighed by a partial transport plan; FedOTP's head (Li et al., 2024).

    No gradient flows through the plan. The released code stops early once a whole batch's scaling
    moves little, which makes an answer depend on its neighbours; here all iterations run.
    """
    unit = functional.normalize(patches, dim=-1).unsqueeze(1)  # (B, 1, M, E)
    cosines = unit @ prompts.permute(1, 2, 0)  # (B, C, M, N)
    plan = transport_plan(cosines.detach())
    return TRANSPORT_SCALE * (plan * cosines).sum(dim=(-2, -1))


def transport_plan(cosines: Tensor) -> Tensor:
    """Entropic partial transport (..., M, N) at cost 1 - cosine.

    A patch gives at most 1 / M, a prompt receives exactly 0.8 / N.
    """
    patches, prompts = cosines.shape[-2:]
    kernel = torch.exp((cosines - 1) / EPSILON)
    columns = torch.ones_like(kernel[..., :1, :])  # (..., 1, N)
    rows = torch.ones_like(kernel[..., :1])  # (..., M, 1)
    for _ in range(ITERATIONS):
        rows = (1 / patches / (kernel * columns).sum(dim=-1, keepdim=True)).clamp(max=1)
        columns = MASS / prompts / (kernel * rows).sum(dim=-2, keepdim=True)
    return rows * kernel * columns
