"""The term at every K-th step: what it costs in variance, and that it is right on average.

In one dimension: similarities are a + t b with a parameter t, so a gradient is one number.
"""

import numpy as np
import pytest
import torch

from fairness.arrays import FloatArray
from training.batching import batch_at
from training.fairclip.fair_loss import FairObjective, Group
from training.losses.fair_settings import FairSettings

pytestmark = pytest.mark.further

N, STEPS, K = 120, 600, 6
GROUPS = (Group("a", np.arange(0, 80), 1.0), Group("b", np.arange(80, N), 1.0))


def gradients(every: int) -> FloatArray:
    """(STEPS,) gradients of the fair term to t, at fixed weights; group b is four spreads lower."""
    rng = np.random.default_rng(0)
    base = torch.from_numpy(rng.normal(0.3, 0.05, N) - 0.2 * (np.arange(N) >= 80))
    slope = torch.from_numpy(rng.normal(1.0, 0.2, N))
    settings = FairSettings(fair_every=every, fair_lambda=1.0, group_batch_size=8, blur=1e-2)
    objective = FairObjective(settings, GROUPS, seed=3)
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    own = base + t * slope
    found = []
    for step in range(STEPS):
        index = batch_at(np.arange(N), 12, step, (3, 0))
        by_group = {g: torch.diag(own[b].detach()) for g, b in objective.draws(step).items()}
        losses = {"clip": t * 0}
        loss, _ = objective.loss(
            step, index, losses, torch.diag(own[index]), torch.tensor(1.0), by_group
        )
        found.append(torch.autograd.grad(loss, t, retain_graph=True)[0].item())
    return np.array(found)


@pytest.fixture(scope="module")
def faithful() -> FloatArray:
    return gradients(every=1)


@pytest.fixture(scope="module")
def spiked() -> FloatArray:
    return gradients(every=K)


def test_the_expected_gradient_is_the_faithful_one(
    faithful: FloatArray, spiked: FloatArray
) -> None:
    taken = spiked[::K]
    assert not spiked.reshape(-1, K)[:, 1:].any()
    error = np.hypot(faithful.std() / np.sqrt(STEPS), taken.std() / K / np.sqrt(STEPS / K))
    assert abs(spiked.mean() - faithful.mean()) < 4 * error
    assert abs(faithful.mean()) > 10 * error  # so the comparison could have failed


def test_its_variance_is_k_times_larger_and_more(faithful: FloatArray, spiked: FloatArray) -> None:
    # Var = K Var_1 + (K - 1) mean^2 a step; averaged over K steps, still K times that of K draws.
    wanted = K * faithful.var() + (K - 1) * faithful.mean() ** 2
    assert spiked.var() == pytest.approx(wanted, rel=0.25)
    each = [values.reshape(-1, K).mean(1).var() for values in (faithful, spiked)]
    assert each[1] > 3 * each[0]
