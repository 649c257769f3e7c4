"""The debiased Sinkhorn divergence between two sets of numbers, in the log domain.

    S(x, y) = OT(x, y) - OT(x, x) / 2 - OT(y, y) / 2,  cost |u - v|^2 / 2,  entropy eps = blur^2

(Feydy et al., AISTATS 2019; annealed as in Feydy's thesis, 2020, section 3.3). FairCLIP calls
geomloss for it; this file takes the same steps and agrees with it, but computes costs by direct
differences: geomloss expands the square, which cancels in float32. See docs/methods.md.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Pairwise(NamedTuple):
    """One entry for each pairing of the two sets: cost matrices, or vectors of potentials."""

    xy: Tensor
    yx: Tensor
    xx: Tensor
    yy: Tensor


def sinkhorn_divergence(x: Tensor, y: Tensor, blur: float = 1e-4, scaling: float = 0.5) -> Tensor:
    """Distance between two sets of numbers as distributions: a scalar, 0 for equal ones.

    As blur goes to 0 it tends to half the squared Wasserstein distance. Up to the rounding of
    the annealing it is not negative.

    Args:
        x: (N,) points of equal weight; differentiable.
        y: (M,) points of equal weight; differentiable.
        blur: square root of the entropy's weight, in the unit of the points.
        scaling: by which factor, in (0, 1), the annealing shrinks the blur at each step.
    """
    diameter = _diameter(x, y)
    if not 0 < diameter < math.inf:
        return (x.sum() + y.sum()) * 0  # 0 where all points are one, NaN where any is not finite
    a, b = _log_weights(x), _log_weights(y)
    temperatures = annealing(diameter, blur, scaling)
    with torch.no_grad():
        costs = _costs(x, y)
        potentials = _sweep(costs, temperatures[0], _zeros(x, y), a, b)
        for eps in temperatures:
            updated = _sweep(costs, eps, potentials, a, b)
            potentials = Pairwise(*((p + q) / 2 for p, q in zip(potentials, updated, strict=True)))
    # By the envelope theorem a last sweep carries the whole gradient, with all else held constant.
    f, g, p, q = _sweep(_costs(x, y), temperatures[-1], potentials, a, b)
    return (f - p).mean() + (g - q).mean()


def annealing(diameter: float, blur: float, scaling: float) -> list[float]:
    """Temperatures eps, from the squared diameter of all points down to blur^2."""
    start, stop, step = 2 * math.log(diameter), 2 * math.log(blur), 2 * math.log(scaling)
    count = max(math.ceil((stop - start) / step), 0)
    return [diameter**2, *(math.exp(start + i * step) for i in range(count)), blur**2]


def _diameter(x: Tensor, y: Tensor) -> float:
    points = torch.cat([x.detach(), y.detach()])
    return float(points.max() - points.min())


def _log_weights(points: Tensor) -> Tensor:
    return torch.full_like(points, -math.log(len(points)), requires_grad=False)


def _zeros(x: Tensor, y: Tensor) -> Pairwise:
    n, m = torch.zeros_like(x), torch.zeros_like(y)
    return Pairwise(xy=n, yx=m, xx=n, yy=m)


def _costs(x: Tensor, y: Tensor) -> Pairwise:
    """Half the squared distances; only the points of the rows carry a gradient."""

    def cost(rows: Tensor, columns: Tensor) -> Tensor:
        return (rows[:, None] - columns.detach()[None, :]) ** 2 / 2

    return Pairwise(xy=cost(x, y), yx=cost(y, x), xx=cost(x, x), yy=cost(y, y))


def _sweep(costs: Pairwise, eps: float, old: Pairwise, a: Tensor, b: Tensor) -> Pairwise:
    """Update every dual potential from the old ones; `xy` and `xx` live on x, `yx`, `yy` on y."""
    return Pairwise(
        xy=_softmin(costs.xy, eps, b + old.yx / eps),
        yx=_softmin(costs.yx, eps, a + old.xy / eps),
        xx=_softmin(costs.xx, eps, a + old.xx / eps),
        yy=_softmin(costs.yy, eps, b + old.yy / eps),
    )


def _softmin(cost: Tensor, eps: float, weights: Tensor) -> Tensor:
    """Smooth minimum of the cost over its columns, weighted in the log domain."""
    exponents = weights - cost / eps
    # torch.logsumexp adds the two terms before it differentiates: where the largest is 1e9, the
    # logarithm is lost in float32, and tied columns get a gradient of 1 each instead of a share.
    largest = exponents.detach().amax(dim=1, keepdim=True)
    return -eps * (largest[:, 0] + (exponents - largest).exp().sum(dim=1).log())
