"""The gradient of the Sinkhorn divergence in float64: what of it is exact, and what it tends to.

Exact is the gradient of the last sweep, whose incoming potentials and columns are constants. It is
the gradient of the divergence itself where the potentials have converged (envelope theorem).
"""

import pytest
import torch
from torch import Tensor

from training.losses.sinkhorn import annealing, sinkhorn_divergence


def points(seed: int, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, generator=generator, dtype=torch.float64)


X, Y = points(0, 7), points(1, 5) + 0.3
BLUR, SCALING = 0.1, 0.7


def half_square(rows: Tensor, columns: Tensor) -> Tensor:
    return (rows[:, None] - columns[None, :]) ** 2 / 2


def soft_minimum(cost: Tensor, potential: Tensor, eps: float) -> Tensor:
    """Over columns of equal weight, read off the definition."""
    weights = torch.exp((potential[None, :] - cost) / eps) / len(potential)
    return -eps * torch.log(weights.sum(dim=1))


def last_sweep(
    x: Tensor, y: Tensor, columns: tuple[Tensor, Tensor], potentials: list[Tensor], eps: float
) -> Tensor:
    """S of the last sweep as a function of the rows alone."""
    f, g, p, q = potentials
    xs, ys = columns
    to_y = soft_minimum(half_square(x, ys), g, eps) - soft_minimum(half_square(x, xs), p, eps)
    to_x = soft_minimum(half_square(y, xs), f, eps) - soft_minimum(half_square(y, ys), q, eps)
    return to_y.mean() + to_x.mean()


def potentials_before_the_last_sweep() -> list[Tensor]:
    """By the recipe, written out once more: f on x, g on y, p on x alone, q on y alone."""
    union = torch.cat([X, Y])
    temperatures = annealing(float(union.max() - union.min()), BLUR, SCALING)
    zero = torch.zeros_like(X), torch.zeros_like(Y)
    found = [zero[0], zero[1], zero[0], zero[1]]
    pairs = ((X, Y, 1), (Y, X, 0), (X, X, 2), (Y, Y, 3))
    for number, eps in enumerate([temperatures[0], *temperatures]):
        new = [soft_minimum(half_square(rows, cols), found[i], eps) for rows, cols, i in pairs]
        found = [n if number == 0 else (o + n) / 2 for o, n in zip(found, new, strict=True)]
    return found


def test_gradients_are_exactly_those_of_the_last_sweep() -> None:
    frozen = potentials_before_the_last_sweep()
    x, y = X.clone().requires_grad_(), Y.clone().requires_grad_()

    def sweep(rows_x: Tensor, rows_y: Tensor) -> Tensor:
        return last_sweep(rows_x, rows_y, (X, Y), frozen, BLUR**2)

    assert torch.autograd.gradcheck(sweep, (x, y))
    ours, written_out = sinkhorn_divergence(x, y, BLUR, SCALING), sweep(x, y)
    assert ours.item() == pytest.approx(written_out.item(), abs=1e-14)
    for found, wanted in zip(
        torch.autograd.grad(ours, (x, y)), torch.autograd.grad(written_out, (x, y)), strict=True
    ):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-14)


@pytest.mark.parametrize("side", [0, 1])
def test_gradients_are_those_of_the_divergence_once_it_has_converged(side: int) -> None:
    blur, scaling = 0.3, 0.995  # by 0.99 the potentials are 1.2e-4 short of converged
    x, y = X.clone().requires_grad_(), Y.clone().requires_grad_()
    gradient = torch.autograd.grad(sinkhorn_divergence(x, y, blur, scaling), (x, y))[side]
    moved = (X, Y)[side]
    h = 1e-5
    for i in range(len(moved)):
        values = []
        for sign in (1, -1):
            both = [X.clone(), Y.clone()]
            both[side][i] += sign * h
            values.append(sinkhorn_divergence(both[0], both[1], blur, scaling).item())
        slope = (values[0] - values[1]) / (2 * h)
        assert slope == pytest.approx(gradient[i].item(), abs=1e-4)


def test_at_small_blur_the_gradient_is_that_of_the_sorted_points() -> None:
    x, y = points(2, 16).requires_grad_(), points(3, 16) * 0.5 + 1
    (gradient,) = torch.autograd.grad(sinkhorn_divergence(x, y, 1e-3, 0.99), x)
    order = x.detach().argsort()
    wanted = torch.empty(16, dtype=torch.float64)
    wanted[order] = (x.detach()[order] - y.sort().values) / 16
    torch.testing.assert_close(gradient, wanted, rtol=0, atol=2e-3)
