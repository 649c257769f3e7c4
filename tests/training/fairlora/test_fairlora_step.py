"""Losses and the update against golden values and closed forms."""

import pytest
import torch
from golden_fairlora import GOLDEN, assert_golden, float64
from torch import nn
from torch.nn import functional

from training.fairlora.step import classification_loss, fairness_term, proximal_term, update

TERM = GOLDEN["fairness_term"]
CERTAINTY, GROUPS = TERM["input"]["prob_of_true_class"], TERM["input"]["group"]


def test_the_fairness_term_is_golden_and_has_a_gradient() -> None:
    certainty = float64(CERTAINTY).requires_grad_()
    term = fairness_term(certainty, torch.tensor(GROUPS), 3)
    assert_golden(term.detach(), TERM["expected"]["term"])
    assert torch.autograd.gradcheck(
        lambda c: fairness_term(c, torch.tensor(GROUPS), 3), (certainty,)
    )


def test_unknown_samples_and_absent_groups_do_not_take_part() -> None:
    certainty = float64([*CERTAINTY, 0.01])
    term = fairness_term(certainty, torch.tensor([*GROUPS, -1]), 5)
    assert_golden(term, TERM["expected"]["term"])


@pytest.mark.parametrize("groups", [[1, 1], [-1, -1], [0, -1]])
def test_fewer_than_two_groups_cost_nothing(groups: list[int]) -> None:
    certainty = float64([0.2, 0.9]).requires_grad_()
    term = fairness_term(certainty, torch.tensor(groups), 3)
    term.backward()  # type: ignore[no-untyped-call]  # torch's
    assert term.item() == 0
    assert certainty.grad is not None
    assert not certainty.grad.any()


def test_the_loss_adds_the_weighed_term_to_the_cross_entropy() -> None:
    labels = torch.tensor([1, 0, 0, 1, 1])
    groups = torch.tensor(GROUPS)
    # Two logits whose softmax gives the true class its certainty.
    odds = torch.logit(float64(CERTAINTY))
    logits = torch.stack([torch.where(labels == 0, odds, 0), torch.where(labels == 1, odds, 0)], 1)
    plain = functional.cross_entropy(logits, labels)
    assert_golden(plain, -float64(CERTAINTY).log().mean().item())
    assert torch.equal(classification_loss(logits, labels, groups, 3), plain)
    both = classification_loss(logits, labels, groups, 3, fairness_weight=2.0)
    torch.testing.assert_close(both - plain, float64(2 * 1 / 6))


def test_the_proximal_term_pulls_back_to_what_was_received() -> None:
    own = [float64([1.0, 2.0]).requires_grad_(), float64([[3.0]]).requires_grad_()]
    received = [float64([0.0, 4.0]), float64([[3.5]])]
    term = proximal_term(own, received, mu=0.5)
    term.backward()  # type: ignore[no-untyped-call]  # torch's
    assert term.item() == 0.25 * (1 + 4 + 0.25)
    for tensor, start in zip(own, received, strict=True):
        assert tensor.grad is not None
        torch.testing.assert_close(tensor.grad, 0.5 * (tensor - start).detach())


@pytest.mark.parametrize(
    ("steps", "key"), [(1, "one_step_per_batch"), (2, "two_steps_per_batch_original")]
)
def test_steps_per_batch_are_golden(steps: int, key: str) -> None:
    given = GOLDEN["sgd_steps"]["input"]
    weight = nn.Parameter(float64(given["p0"]))
    settings = {name: given[name] for name in ("lr", "momentum", "weight_decay")}
    optimizer = torch.optim.SGD([weight], **settings)
    found = []
    for gradient in given["grads_per_batch"]:
        update(weight * gradient, optimizer, steps)
        found.append(weight.item())
    assert found == pytest.approx(GOLDEN["sgd_steps"]["expected"][key], abs=1e-12)
