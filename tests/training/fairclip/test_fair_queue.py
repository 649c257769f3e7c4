"""The queue of recent similarities that can stand for batches drawn from each group."""

import numpy as np
import pytest
import torch

from training.fairclip.fair_loss import FairObjective, Group
from training.losses.fair_settings import FairSettings
from training.losses.sinkhorn import sinkhorn_divergence

SETTINGS = FairSettings(group_source="queue", group_batch_size=3, fair_lambda=1.0)
GROUPS = (Group("a", np.array([0, 1, 2, 3, 4]), 1.0), Group("b", np.array([5, 6]), 1.0))
SCALE = torch.tensor(100.0)


def steps(
    objective: FairObjective, batches: list[tuple[list[int], list[float]]]
) -> list[dict[str, float]]:
    """What is logged at steps on batches of sample numbers with these similarities."""
    return [
        objective.loss(
            step, np.array(index), {"clip": torch.zeros(())}, torch.diag(torch.tensor(own)),
            SCALE, {},
        )[1]
        for step, (index, own) in enumerate(batches)
    ]  # fmt: skip


def test_a_group_has_a_term_once_its_queue_is_full_of_earlier_pairs() -> None:
    objective = FairObjective(SETTINGS, GROUPS, seed=0)
    assert objective.draws(0) == {}
    logged = steps(
        objective,
        [([0, 5], [0.1, 0.5]), ([1, 6], [0.2, 0.6]), ([2, 7], [0.3, 0.9]), ([3, 8], [0.4, 0.8])],
    )
    # b has two members, so two fill its queue; a needs three. 7 and 8 belong to neither.
    named = [{name for name in one if name.startswith("sinkhorn")} for one in logged]
    assert named == [set(), set(), {"sinkhorn/b"}, {"sinkhorn/a", "sinkhorn/b"}]
    wanted = sinkhorn_divergence(torch.tensor([0.4, 0.8]), torch.tensor([0.3, 0.2, 0.1]))
    assert logged[3]["sinkhorn/a"] == pytest.approx(wanted.item(), rel=1e-5)
    assert logged[3]["similarity/b"] == pytest.approx(0.55)


def test_the_queue_holds_the_newest_value_of_each_of_its_samples() -> None:
    objective = FairObjective(SETTINGS, GROUPS, seed=0)
    steps(objective, [([0, 1, 2], [0.1, 0.2, 0.3]), ([3], [0.4]), ([2], [0.7])])
    (samples,) = objective.queued().values()
    assert samples.tolist() == [2, 3, 0]
    assert objective.values[0].tolist() == pytest.approx([0.7, 0.4, 0.1])


def test_drift_is_the_mean_change_in_units_of_the_spread() -> None:
    objective = FairObjective(SETTINGS, GROUPS, seed=0)
    steps(objective, [([0, 1, 2], [0.1, 0.2, 0.3])])
    now = torch.tensor([0.2, 0.4, 0.3])  # of samples 0, 1, 2
    assert objective.queued()["a"].tolist() == [0, 1, 2]
    assert objective.drift({"a": now})["drift/a"] == pytest.approx(-0.1 / np.std([0.2, 0.4, 0.3]))
    assert objective.drift({"a": torch.full((3,), 0.2)}) == {}  # no spread, no unit
    assert FairObjective(FairSettings(), GROUPS, seed=0).drift({}) == {}


def test_a_saved_queue_goes_on_as_if_never_stopped() -> None:
    first = [([0, 1, 2], [0.1, 0.2, 0.3]), ([5, 6], [0.5, 0.6])]
    whole, stopped, resumed = (FairObjective(SETTINGS, GROUPS, seed=0) for _ in range(3))
    steps(whole, first)
    steps(stopped, first)
    resumed.load_state_dict(stopped.state_dict())
    assert steps(resumed, [([4], [0.2])]) == steps(whole, [([4], [0.2])])
