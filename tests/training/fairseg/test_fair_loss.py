"""The loss of each fair mode: its parts add up, and what a missing group does to its gradient."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fairness.errors import DataError
from training.fairseg.config import FairMode
from training.fairseg.fair_loss import FairObjective
from training.losses.dice import dice_loss
from training.losses.febs import febs_loss
from training.losses.segmentation import sample_losses

GROUPS = ("Asian", "Black", "White")
FEATURES = 5


def objective(mode: FairMode, dice_share: float = 0.7) -> FairObjective:
    torch.manual_seed(3)
    return FairObjective(
        mode, GROUPS, FEATURES, dice_share=dice_share, gamma=1.0, eta=0.5, strength=0.2
    )


def batch(groups: list[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits and features that need a gradient, labels, groups."""
    torch.manual_seed(len(groups))
    logits = torch.randn(len(groups), 3, 6, 6, requires_grad=True)
    pooled = torch.randn(len(groups), FEATURES, requires_grad=True)
    return logits, pooled, torch.randint(3, (len(groups), 6, 6)), torch.tensor(groups)


def test_the_base_loss_is_the_mix_of_its_parts() -> None:
    logits, pooled, labels, groups = batch([0, 1, 2, -1])
    loss, parts = objective("none")(logits, pooled, labels, groups)
    dice, entropy = dice_loss(logits, labels), functional.cross_entropy(logits, labels)
    assert loss.item() == pytest.approx((0.3 * entropy + 0.7 * dice).item())
    assert set(parts) == {"loss/total", "loss/ce", "loss/dice"}
    assert parts["loss/total"] == loss.item()


@pytest.mark.parametrize("mode", ["safe", "reference", "upweight_hard"])
def test_scaling_shows_bound_and_weight_of_each_group(mode: FairMode) -> None:
    logits, pooled, labels, groups = batch([0, 1, 2, 0])
    loss, parts = objective(mode)(logits, pooled, labels, groups)
    expected = febs_loss(logits, labels, groups, 3, 1.0, mode)  # type: ignore[arg-type]  # by the marks above
    entropy = functional.cross_entropy(logits, labels)
    assert loss.item() == pytest.approx((0.3 * entropy + 0.7 * expected.loss).item())
    for code, group in enumerate(GROUPS):
        assert parts[f"L/{group}"] == pytest.approx(float(expected.group_losses[code]))
        assert parts[f"w/{group}"] == pytest.approx(float(expected.weights[code]))


@pytest.mark.parametrize(("mode", "alive"), [("safe", True), ("reference", False)])
def test_a_missing_group_leaves_safe_a_dice_gradient_and_reference_none(
    mode: FairMode, alive: bool
) -> None:
    logits, pooled, labels, groups = batch([0, 2, 2, 0])  # no Black
    loss, parts = objective(mode, dice_share=1.0)(logits, pooled, labels, groups)
    loss.backward()
    assert logits.grad is not None
    assert bool((logits.grad != 0).any()) is alive
    if mode == "safe":
        assert {name for name in parts if name.startswith("L/")} == {"L/Asian", "L/White"}


def test_groupdro_goes_on_from_its_weights_step_by_step() -> None:
    dro = objective("groupdro")
    logits, pooled, labels, groups = batch([0, 1, 0, -1])
    losses = sample_losses(logits, labels, 0.7).detach()
    q = torch.full((3,), 1 / 3)
    for _ in range(2):
        loss, parts = dro(logits, pooled, labels, groups)
        q = q * torch.exp(0.5 * torch.stack([losses[[0, 2]].mean(), losses[1], torch.zeros(())]))
        q = q / q.sum()
        torch.testing.assert_close(dro.state_dict()["q"], q)
        expected = q[0] * losses[[0, 2]].mean() + q[1] * losses[1]
        assert loss.item() == pytest.approx(expected.item())
    assert parts["q/White"] == pytest.approx(float(q[2]))
    assert "L/White" not in parts


def test_the_adversary_learns_the_group_and_the_features_unlearn_it() -> None:
    model = objective("adversarial")
    assert model.adversary is not None
    logits, pooled, labels, groups = batch([0, 1, 2, -1])
    loss, parts = model(logits, pooled, labels, groups)
    loss.backward()
    plain = model.adversary.classifier(pooled.detach().requires_grad_(True))
    entropy = functional.cross_entropy(plain[:3], groups[:3])
    assert parts["loss/adversary"] == pytest.approx(entropy.item())
    features = pooled.detach().requires_grad_(True)
    forward = functional.cross_entropy(model.adversary.classifier(features)[:3], groups[:3])
    (gradient,) = torch.autograd.grad(forward, features)
    torch.testing.assert_close(pooled.grad, -0.2 * gradient)  # reversed, times the strength
    assert all(
        bool((p.grad != 0).any()) for p in model.adversary.parameters() if p.grad is not None
    )


def test_a_loss_that_is_not_finite_stops() -> None:
    logits, pooled, labels, groups = batch([0, 1])
    with pytest.raises(DataError, match="training diverged: loss/ce is nan; lower --lr"):
        objective("none")(logits * math.nan, pooled, labels, groups)
