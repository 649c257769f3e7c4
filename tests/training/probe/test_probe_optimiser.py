"""LARS and its schedule, and the heads that it trains, against numbers from elsewhere."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fairness.arrays import FloatArray
from training.lars import Lars
from training.models.head import LinearHead
from training.probe.linear import batches_of, step_loss
from training.schedules import HalfCosine

GOLDEN = Path(__file__).parents[2] / "golden" / "fairclip_schedules.json"


def test_the_probe_schedule_is_the_original_one() -> None:
    expected = json.loads(GOLDEN.read_text())["linear_probe"]["lr_at_epoch"]
    schedule = HalfCosine(0.1 * 512 / 256, 1000, 10)
    found = {epoch: schedule.at(float(epoch)) for epoch in expected}
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_a_probe_schedule_that_is_all_warm_up_never_falls() -> None:
    rates = [HalfCosine(1.0, 4, 10).at(epoch / 2) for epoch in range(9)]
    assert rates == pytest.approx([epoch / 20 for epoch in range(9)])


def lars_in_numpy(
    start: FloatArray, gradients: list[FloatArray], rates: list[float], matrix: bool
) -> FloatArray:
    """The update rule of the paper, written out once more."""
    weight, velocity = start.copy(), np.zeros_like(start)
    for gradient, rate in zip(gradients, rates, strict=True):
        local = 1.0
        if matrix and np.linalg.norm(weight) > 0 and np.linalg.norm(gradient) > 0:
            local = float(0.001 * np.linalg.norm(weight) / np.linalg.norm(gradient))
        velocity = 0.9 * velocity + local * gradient
        weight = weight - rate * velocity
    return weight


@pytest.mark.parametrize("start", ["random", "zero"])
@pytest.mark.parametrize("shape", [(2, 7), (7,)])
def test_lars_steps_of_the_probe_are_those_of_the_paper(shape: tuple[int, ...], start: str) -> None:
    rng = np.random.default_rng(len(shape))
    first = rng.normal(size=shape) if start == "random" else np.zeros(shape)
    gradients = [rng.normal(size=shape), np.zeros(shape), rng.normal(size=shape)]
    rates = [0.0, 0.2, 0.1]
    parameter = torch.nn.Parameter(torch.tensor(first))
    optimizer = Lars([parameter])
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        parameter.grad = torch.from_numpy(gradient)
        optimizer.step()
    expected = lars_in_numpy(first, gradients, rates, matrix=len(shape) > 1)
    np.testing.assert_allclose(parameter.detach().numpy(), expected, rtol=1e-12)


def test_the_probe_head_normalises_without_scale_and_reads_its_second_logit() -> None:
    torch.manual_seed(3)
    head = LinearHead(5).double()
    features = np.random.default_rng(0).normal(3, 2, (16, 5))
    labels = np.arange(16) % 2
    normed = (features - features.mean(0)) / np.sqrt(features.var(0) + 1e-6)
    weight, bias = (p.detach().numpy() for p in head.linear.parameters())
    logits = normed @ weight[1] + bias[1]
    expected = np.mean(np.logaddexp(0, logits) - labels * logits)
    loss = step_loss(head, torch.from_numpy(features), torch.from_numpy(labels))
    assert loss.item() == pytest.approx(expected)
    assert {name for name, _ in head.named_parameters()} == {"linear.weight", "linear.bias"}


def test_the_probe_head_starts_from_a_truncated_normal() -> None:
    torch.manual_seed(0)
    weight = LinearHead(50_000).linear.weight.detach().numpy()
    assert weight.std() == pytest.approx(0.01, rel=0.01)
    assert not LinearHead(4).linear.bias.detach().any()


@pytest.mark.parametrize(("n", "sizes"), [(1100, [512, 512]), (512, [512]), (30, [30])])
def test_probe_batches_are_full_or_hold_everybody(n: int, sizes: list[int]) -> None:
    first, second = (batches_of(n, 512, epoch, seed=1) for epoch in (0, 1))
    assert [len(batch) for batch in first] == sizes
    everybody = np.concatenate(first)
    assert len(set(everybody.tolist())) == sum(sizes)
    assert not np.array_equal(everybody, np.concatenate(second))
