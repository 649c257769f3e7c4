"""Fewer bits for the network alone, gradients that overflow, and algorithms that repeat."""

from pathlib import Path

import pytest
import torch
from torch import nn

from training.precision import autocast, gradient_scaler, make_deterministic
from training.processes import Processes, follow
from training.resume import Progress, load_state, save_state
from training.scale_settings import Precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("precision", "kind"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_products_have_the_precision_and_weights_stay_in_float32(
    precision: Precision, kind: torch.dtype
) -> None:
    layer = nn.Linear(4, 4)
    with autocast(CPU, precision):
        answer = layer(torch.ones(2, 4))
    assert answer.dtype == kind
    torch.autograd.backward(answer.float().sum())
    assert layer.weight.dtype == torch.float32
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float32


def test_a_scaled_gradient_takes_the_step_of_an_unscaled_one() -> None:
    weights = []
    for precision in ("fp32", "fp16"):
        weight = nn.Parameter(torch.tensor([1.0, -2.0]))
        optimizer = torch.optim.SGD([weight], lr=0.5)
        loss = (weight**2).sum()
        follow(loss, optimizer, gradient_scaler(CPU, precision), Processes())
        weights.append(weight.detach())
    assert torch.equal(weights[0], torch.zeros(2))
    assert torch.equal(*weights)


def test_an_overflow_is_left_out_and_halves_the_factor() -> None:
    weight = nn.Parameter(torch.ones(1))
    optimizer, scaler = torch.optim.SGD([weight], lr=0.1), gradient_scaler(CPU, "fp16")
    before = scaler.get_scale()
    follow(weight.sum() * torch.inf, optimizer, scaler, Processes())
    assert weight.item() == 1
    assert scaler.get_scale() == before / 2


def test_a_resumed_run_has_the_factor_again(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = gradient_scaler(CPU, "fp16")
    follow(model.weight.sum() * torch.inf, optimizer, scaler, Processes())
    save_state(tmp_path, model, optimizer, Progress(epochs=1), {}, scaler)
    again = gradient_scaler(CPU, "fp16")
    assert load_state(tmp_path, model, optimizer, {}, again).epochs == 1
    assert again.state_dict() == scaler.state_dict()
    assert scaler.get_scale() < gradient_scaler(CPU, "fp16").get_scale()


def test_deterministic_algorithms_are_switched_on_and_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    make_deterministic(True)
    try:
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        make_deterministic(False)
    assert not torch.are_deterministic_algorithms_enabled()
