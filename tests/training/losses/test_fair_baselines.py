"""GroupDRO and the adversary against closed forms."""

import math

import pytest
import torch

from training.losses.adversarial import AttributeAdversary, adversary_loss, reverse_gradient
from training.losses.groupdro import groupdro, uniform


def test_groupdro_follows_its_update() -> None:
    losses = torch.tensor([1.0, 3.0, 5.0], requires_grad=True)
    step = groupdro(losses, torch.tensor([0, 0, 1]), torch.tensor([0.5, 0.5]), eta=0.1)
    raised = [math.exp(0.1 * 2), math.exp(0.1 * 5)]
    q = [value / sum(raised) for value in raised]
    assert step.q.tolist() == pytest.approx(q)
    assert step.loss.item() == pytest.approx(2 * q[0] + 5 * q[1])
    assert step.group_losses.tolist() == [2.0, 5.0]
    step.loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    assert losses.grad is not None
    assert losses.grad.tolist() == pytest.approx([q[0] / 2, q[0] / 2, q[1]])


def test_groupdro_leaves_out_the_absent_and_the_unknown() -> None:
    losses, q = torch.tensor([1.0, 99.0]), uniform(3)
    step = groupdro(losses, torch.tensor([1, -1]), q, eta=0.5)
    raised = [1.0, math.exp(0.5), 1.0]
    assert step.q.tolist() == pytest.approx([value / sum(raised) for value in raised])
    assert step.loss.item() == pytest.approx(step.q[1].item())
    assert step.group_losses.isnan().tolist() == [True, False, True]


def test_groupdro_of_unknown_groups_only_changes_nothing() -> None:
    losses = torch.tensor([2.0], requires_grad=True)
    step = groupdro(losses, torch.tensor([-1]), uniform(2))
    step.loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    assert step.loss.item() == 0.0
    assert step.q.tolist() == [0.5, 0.5]


def test_groupdro_ends_at_the_worst_group() -> None:
    q = uniform(2)
    for _ in range(300):
        q = groupdro(torch.tensor([0.1, 0.9]), torch.tensor([0, 1]), q, eta=0.1).q
    assert q.tolist() == pytest.approx([0.0, 1.0], abs=1e-6)


def test_gradient_comes_back_reversed() -> None:
    features = torch.tensor([[1.0, 2.0]], requires_grad=True)
    unchanged = reverse_gradient(features, 0.25)
    assert unchanged.tolist() == [[1.0, 2.0]]
    (unchanged * torch.tensor([3.0, 4.0])).sum().backward()  # type: ignore[no-untyped-call]
    assert features.grad is not None
    assert features.grad.tolist() == [[-0.75, -1.0]]


def test_adversary_learns_while_the_features_move_against_it() -> None:
    torch.manual_seed(0)
    features, groups = torch.randn(8, 4), torch.tensor([0, 1] * 4)
    adversary = AttributeAdversary(4, 2, strength=1.0)
    moved = features.clone().requires_grad_()
    before = adversary_loss(adversary(moved), groups)
    before.backward()  # type: ignore[no-untyped-call]  # torch's own
    assert moved.grad is not None
    with torch.no_grad():
        fooled = adversary_loss(adversary(features - 0.1 * moved.grad), groups)
        for parameter in adversary.parameters():
            assert parameter.grad is not None
            parameter.sub_(0.1 * parameter.grad)
        learned = adversary_loss(adversary(features), groups)
    assert learned.item() < before.item() < fooled.item()


def test_adversary_ignores_the_unknown() -> None:
    logits = torch.tensor([[0.0, 0.0], [50.0, 0.0]])
    assert adversary_loss(logits, torch.tensor([0, -1])).item() == pytest.approx(math.log(2))
    assert adversary_loss(logits, torch.tensor([-1, -1])).item() == 0.0
