"""The Sinkhorn divergence against golden values, geomloss, closed forms and invariances."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from geomloss import SamplesLoss
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from training.losses.sinkhorn import annealing, sinkhorn_divergence

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "sinkhorn_divergence.json").read_text("utf-8")
)
POINTS = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8)


def numbers(values: list[float], dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor(values, dtype=dtype)


def random_points(seed: int, n: int, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(n, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_value_and_gradient_equal_the_golden_ones(case: dict[str, Any]) -> None:
    x = numbers(case["x"]).requires_grad_()
    value = sinkhorn_divergence(x, numbers(case["y"]), case["blur"], case["scaling"])
    (gradient,) = torch.autograd.grad(value, x)
    assert value.item() == pytest.approx(case["value"], rel=1e-6, abs=1e-15)
    assert gradient.tolist() == pytest.approx(case["grad_wrt_x"], abs=1e-6)


@pytest.mark.parametrize(("n", "m"), [(32, 32), (24, 32), (1, 5), (2, 1)])
@pytest.mark.parametrize("blur", [1e-3, 0.05])
@pytest.mark.parametrize("scaling", [0.5, 0.9])
def test_geomloss_agrees(n: int, m: int, blur: float, scaling: float) -> None:
    x, y = random_points(n, n).requires_grad_(), random_points(m + 1, m) + 0.4
    loss = SamplesLoss("sinkhorn", p=2, blur=blur, scaling=scaling, backend="tensorized")
    theirs, ours = loss(x[:, None], y[:, None]), sinkhorn_divergence(x, y, blur, scaling)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-8)
    (wanted,) = torch.autograd.grad(theirs, x)
    (gradient,) = torch.autograd.grad(ours, x)
    torch.testing.assert_close(gradient, wanted, rtol=1e-6, atol=1e-9)


def test_a_shift_costs_half_its_square() -> None:
    x = random_points(0, 32)
    assert sinkhorn_divergence(x, x + 3.0, 1e-4, 0.95).item() == pytest.approx(4.5, rel=1e-3)


def test_small_blur_tends_to_the_distance_of_sorted_points() -> None:
    x, y = random_points(1, 32), 2 * random_points(2, 32) + 1
    exact = 0.5 * (x.sort().values - y.sort().values).square().mean()
    assert sinkhorn_divergence(x, y, 1e-4, 0.99).item() == pytest.approx(exact.item(), rel=1e-3)


@given(POINTS, POINTS, st.randoms(use_true_random=False))
def test_order_does_not_matter(x: list[float], y: list[float], random: Any) -> None:
    there = sinkhorn_divergence(numbers(x), numbers(y), 1e-2)
    random.shuffle(x)
    random.shuffle(y)
    again = sinkhorn_divergence(numbers(x), numbers(y), 1e-2)
    assert again.item() == pytest.approx(there.item(), abs=1e-12)


@given(POINTS, POINTS)
def test_exchanging_the_sets_changes_nothing(x: list[float], y: list[float]) -> None:
    there = sinkhorn_divergence(numbers(x), numbers(y), 1e-2)
    back = sinkhorn_divergence(numbers(y), numbers(x), 1e-2)
    assert back.item() == pytest.approx(there.item(), abs=1e-12)


@given(POINTS)
def test_a_set_is_at_distance_zero_of_itself(x: list[float]) -> None:
    assert sinkhorn_divergence(numbers(x), numbers(x), 1e-2).item() == pytest.approx(0, abs=1e-12)


def test_points_that_are_all_one_have_distance_and_gradient_zero() -> None:
    x = torch.full((3,), 0.2, requires_grad=True)
    value = sinkhorn_divergence(x, torch.full((5,), 0.2))
    assert value.item() == 0
    assert torch.autograd.grad(value, x)[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_points_that_are_not_finite_give_nan(bad: float) -> None:
    assert sinkhorn_divergence(numbers([0.1, bad]), numbers([0.3])).isnan()


def test_float32_keeps_its_digits_far_from_zero() -> None:
    # geomloss expands the square of the distance and has no digit left here.
    x, y = 1e4 + random_points(3, 16), 1e4 + random_points(4, 16)
    exact = sinkhorn_divergence(x, y, 1e-2)
    single = sinkhorn_divergence(x.float(), y.float(), 1e-2)
    assert single.item() == pytest.approx(exact.item(), rel=1e-2)


def test_annealing_goes_from_the_diameter_to_the_blur() -> None:
    assert annealing(1.0, 0.2, 0.5) == pytest.approx([1, 1, 0.25, 0.0625, 0.04])
    assert annealing(0.1, 0.2, 0.5) == pytest.approx([0.01, 0.04])
