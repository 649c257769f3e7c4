"""FairCLIP's fair term against golden values, and what each mode reacts to."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from training.losses.clip_contrastive import clip_contrastive
from training.losses.fair_settings import FairMode, ScoreScale
from training.losses.fairclip import fair_distances, pair_values

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "fairclip_loss.json").read_text("utf-8")
)
BLUR, SCALING = GOLDEN["blur"], GOLDEN["scaling"]
SCALE = torch.tensor(100.0, dtype=torch.float64)


def golden(key: str) -> Tensor:
    return torch.tensor(GOLDEN[key], dtype=torch.float64)


def compared(key: str, mode: FairMode, scale: ScoreScale) -> Tensor:
    """What a mode compares of a golden matrix of logits, whose cosines are a hundredth of them."""
    return pair_values(golden(key) / SCALE, SCALE, mode, scale)


def cosines(seed: int, n: int = 32, mean: float = 0.25) -> Tensor:
    """Similarities around 0.25, as those of CLIP, in float64."""
    generator = torch.Generator().manual_seed(seed)
    return mean + 0.02 * torch.randn(n, n, generator=generator, dtype=torch.float64)


def test_contrastive_equals_the_golden_value() -> None:
    loss = clip_contrastive(golden("batch_logits"))
    assert loss.item() == pytest.approx(GOLDEN["contrastive"], rel=1e-6)


def test_contrastive_equals_a_plain_reading_of_its_formula() -> None:
    logits = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    rows = -torch.stack([logits[i].log_softmax(0)[i] for i in range(5)]).mean()
    columns = -torch.stack([logits[:, i].log_softmax(0)[i] for i in range(5)]).mean()
    assert clip_contrastive(logits).item() == pytest.approx(((rows + columns) / 2).item())


@pytest.mark.parametrize(
    ("mode", "scale", "expected"),
    [
        ("paper", "logit", "fair_term_on_logits"),
        ("paper", "cosine", "fair_term_on_cosines"),
        ("released", "logit", "fair_term_released"),
        ("normalized", "logit", "fair_term_normalized"),
    ],
)
def test_fair_term_equals_the_golden_value(
    mode: FairMode, scale: ScoreScale, expected: str
) -> None:
    batch, group = (compared(key, mode, scale) for key in ("batch_logits", "group_logits"))
    (distance,) = fair_distances(batch, {"group": group}, mode, BLUR, SCALING).values()
    assert distance.item() == pytest.approx(GOLDEN[expected], rel=1e-6)


def test_what_is_compared_equals_the_golden_numbers() -> None:
    for side in ("batch", "group"):
        own = compared(f"{side}_logits", "paper", "logit")
        assert own.tolist() == pytest.approx(GOLDEN[f"{side}_similarity"])
    batch = compared("batch_logits", "released", "logit")
    assert batch.tolist() == pytest.approx(GOLDEN["released_batch"])
    group = compared("group_logits", "released", "logit")
    assert (group / group.sum()).tolist() == pytest.approx(GOLDEN["released_group"], rel=1e-9)


@pytest.mark.parametrize("mode", ["released", "normalized"])
def test_the_released_number_is_the_diagonal_of_the_product_of_both_answers(mode: FairMode) -> None:
    # The released code multiplies the logits by images with those by texts, transposed once more.
    logits = SCALE * cosines(0, 6)
    by_images, by_texts = logits, logits.T
    wanted = (by_images @ by_texts.T).diagonal()
    torch.testing.assert_close(pair_values(logits / SCALE, SCALE, mode, "cosine"), wanted)


def distances_when_shifted(mode: FairMode, shifted: str) -> dict[str, float]:
    """Distance of three groups, of which the pairs of one are 5 spreads less similar."""
    groups = {group: cosines(1 + number) for number, group in enumerate("abc")}
    groups[shifted] = groups[shifted] - 0.1 * torch.eye(32, dtype=torch.float64)
    batch = pair_values(cosines(0), SCALE, mode, "cosine")
    by_group = {group: pair_values(m, SCALE, mode, "cosine") for group, m in groups.items()}
    found = fair_distances(batch, by_group, mode, BLUR, SCALING)
    return {group: value.item() for group, value in found.items()}


@pytest.mark.parametrize("shifted", ["a", "b", "c"])
def test_paper_mode_tells_which_group_is_shifted(shifted: str) -> None:
    found = distances_when_shifted("paper", shifted)
    others = [value for group, value in found.items() if group != shifted]
    assert found[shifted] == pytest.approx(0.5 * 0.1**2, rel=0.2)
    assert max(others) < found[shifted] / 20


def test_released_mode_does_not_react_to_which_group_is_shifted() -> None:
    found = [
        value for shifted in "abc" for value in distances_when_shifted("released", shifted).values()
    ]
    assert max(found) / min(found) - 1 < 1e-6  # of nine values
    s = pair_values(cosines(0), SCALE, "released", "logit")
    assert found[0] == pytest.approx((s.square().mean() / 2).item(), rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_released_gradient_is_that_of_half_the_mean_square_of_the_batch(dtype: torch.dtype) -> None:
    # It holds no trace of the group. geomloss loses it in float32: costs are about 1e8.
    s = pair_values(cosines(0), SCALE, "released", "logit").to(dtype).requires_grad_()
    group = pair_values(cosines(1), SCALE, "released", "logit").to(dtype)
    (distance,) = fair_distances(s, {"a": group}, "released", BLUR, SCALING).values()
    (gradient,) = torch.autograd.grad(distance, s)
    torch.testing.assert_close(gradient, s.detach() / 32, rtol=1e-5, atol=0)


def test_normalized_mode_vanishes_at_the_published_weights() -> None:
    found = distances_when_shifted("normalized", "a")
    assert max(found.values()) < 1e-4  # times 1e-6 beside a contrastive loss of about 3


@pytest.mark.parametrize(("n", "m"), [(24, 32), (32, 1), (1, 32), (1, 1)])
@pytest.mark.parametrize("mode", ["paper", "released", "normalized"])
def test_batches_of_any_size_can_be_compared(n: int, m: int, mode: FairMode) -> None:
    batch, group = (pair_values(cosines(i, k), SCALE, mode, "cosine") for i, k in ((0, n), (1, m)))
    (distance,) = fair_distances(batch, {"group": group}, mode, BLUR, SCALING).values()
    assert distance.item() >= -1e-12
    assert fair_distances(batch, {}, mode, BLUR, SCALING) == {}
