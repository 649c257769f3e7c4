"""The loss of a step in each mode, from similarity matrices, and the batches it draws."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from fairness.errors import DataError
from training.fairclip.fair_loss import FairObjective, Group
from training.losses.fair_settings import FairMode, FairSettings

GROUPS = (
    Group("race/Black", np.array([3]), weight=1.0),
    Group("race/White", np.arange(10, 50), weight=1.0),
    Group("gender/Male", np.arange(0, 30), weight=0.5),
)
SCALE = torch.tensor(100.0)
OWN = {"itc": torch.tensor(2.0), "itm": torch.tensor(0.5)}


def matrix(seed: int, n: int) -> Tensor:
    return 0.25 + 0.05 * torch.randn(n, n, generator=torch.Generator().manual_seed(seed))


def loss_of(objective: FairObjective, step: int) -> tuple[Tensor, dict[str, float]]:
    """A step on a batch of 8, with made-up similarities of the batches that it draws."""
    drawn = objective.draws(step)
    by_group = {group: matrix(9 + i, len(b)) for i, (group, b) in enumerate(drawn.items())}
    return objective.loss(step, np.arange(8), OWN, matrix(1, 8), SCALE, by_group)


def test_a_group_smaller_than_a_batch_comes_back_at_every_step() -> None:
    objective = FairObjective(FairSettings(group_batch_size=8), GROUPS, seed=1)
    drawn = [objective.draws(step) for step in range(5)]
    assert all(batches["race/Black"].tolist() == [3] for batches in drawn)
    whites = np.concatenate([batches["race/White"] for batches in drawn])
    assert sorted(whites) == list(range(10, 50))  # one pass of an endless shuffled loader


@pytest.mark.parametrize("mode", ["paper", "released", "normalized"])
@pytest.mark.parametrize("every", [1, 3])
def test_the_loss_is_the_weighted_sum_of_what_is_logged(mode: FairMode, every: int) -> None:
    settings = FairSettings(fair_mode=mode, fair_lambda=3.0, fair_every=every, group_batch_size=8)
    total, scalars = loss_of(FairObjective(settings, GROUPS, seed=1), step=6)
    distances = [scalars[f"sinkhorn/{group.name}"] for group in GROUPS]
    term = distances[0] + distances[1] + 0.5 * distances[2]
    assert scalars["loss/fair"] == pytest.approx(term)
    assert total.item() == pytest.approx(2.5 + every * 3.0 * term, rel=1e-5)
    assert scalars["loss/total"] == total.item()
    assert (scalars["loss/itc"], scalars["loss/itm"]) == (2.0, 0.5)
    own = matrix(10, 8).diagonal().mean().item()  # logged as cosines in every mode
    assert scalars["similarity/race/White"] == pytest.approx(own)


def test_between_the_steps_of_the_term_there_is_none_and_nothing_is_drawn() -> None:
    objective = FairObjective(FairSettings(fair_every=3, group_batch_size=8), GROUPS, seed=1)
    assert [bool(objective.draws(step)) for step in range(7)] == [True, False, False] * 2 + [True]
    total, scalars = loss_of(objective, step=4)
    assert total.item() == 2.5
    assert not [name for name in scalars if name.startswith("sinkhorn")]
    plain = FairObjective(FairSettings(group_batch_size=8), GROUPS, seed=1)
    for turn in range(3):  # no batch of the endless loaders is passed over
        np.testing.assert_equal(objective.draws(3 * turn), plain.draws(turn))


def test_mode_none_and_no_groups_leave_the_losses_of_the_model() -> None:
    for settings, groups in ((FairSettings(fair_mode="none"), GROUPS), (FairSettings(), ())):
        objective = FairObjective(settings, groups, seed=1)
        assert objective.draws(0) == {}
        total, scalars = loss_of(objective, step=0)
        assert total.item() == 2.5
        assert set(scalars) == {"loss/itc", "loss/itm", "loss/total", "similarity/batch"}


def test_paper_mode_on_logits_is_the_square_of_the_scale_larger() -> None:
    on: list[float] = []
    for scale, blur in (("cosine", 1e-4), ("logit", 1e-2)):
        settings = FairSettings(score_scale=scale, blur=blur, group_batch_size=8)  # type: ignore[arg-type]  # literals
        on.append(loss_of(FairObjective(settings, GROUPS, seed=1), 0)[1]["loss/fair"])
    assert on[1] == pytest.approx(1e4 * on[0], rel=1e-3)


def test_a_part_that_is_not_finite_is_named() -> None:
    objective = FairObjective(FairSettings(fair_lambda=math.inf), GROUPS, seed=1)
    with pytest.raises(DataError, match=r"loss/total is inf; lower --lr or --fair-lambda"):
        loss_of(objective, step=0)
    with pytest.raises(DataError, match=r"similarity/batch is nan"):
        objective.loss(1, np.arange(2), OWN, torch.full((2, 2), math.nan), SCALE, {})
