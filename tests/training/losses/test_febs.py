"""Fair Error-Bound Scaling against golden values, and what each mode does to the gradient."""

import math
from typing import Any

import pytest
import torch
from fairseg_batch import GOLDEN, LABELS, LOGITS
from torch import Tensor

from training.losses.dice import dice_loss
from training.losses.febs import Febs, FebsMode, febs_loss
from training.losses.segmentation import febs_segmentation_loss

CASES = [pytest.param(case, id=f"{case['name']}-{case['gamma']}") for case in GOLDEN["febs"]]


def febs(case: dict[str, Any], mode: FebsMode, logits: Tensor = LOGITS) -> Febs:
    groups = torch.tensor(case["groups"])
    return febs_loss(logits, LABELS, groups, case["n_groups"], case["gamma"], mode)


def gradient_norms(case: dict[str, Any], mode: FebsMode) -> list[float]:
    logits = LOGITS.clone().requires_grad_()
    febs(case, mode, logits).loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    assert logits.grad is not None
    norms: list[float] = logits.grad.flatten(1).norm(dim=1).tolist()
    return norms


def case_named(name: str) -> dict[str, Any]:
    return next(case for case in GOLDEN["febs"] if case["name"] == name)


@pytest.mark.parametrize("case", CASES)
def test_reference_equals_the_released_code(case: dict[str, Any]) -> None:
    expected, found = case["reference"], febs(case, "reference")
    assert found.loss.item() == pytest.approx(expected["loss"], abs=1e-5)
    assert found.group_losses.tolist() == pytest.approx(expected["group_losses"], abs=1e-5)
    weights = [math.nan if weight is None else weight for weight in expected["weights"]]
    assert found.weights.tolist() == pytest.approx(weights, abs=1e-5, nan_ok=True)
    norms = gradient_norms(case, "reference")
    assert norms == pytest.approx(expected["gradient_norms"], abs=1e-6)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("share", "total"), [(0.8, "samed_total"), (0.5, "transunet_total")])
def test_only_the_dice_part_of_a_step_is_scaled(
    case: dict[str, Any], share: float, total: str
) -> None:
    groups = torch.tensor(case["groups"])
    loss, _ = febs_segmentation_loss(
        LOGITS, LABELS, groups, case["n_groups"], share, case["gamma"], "reference"
    )
    assert loss.total.item() == pytest.approx(case["reference"][total], abs=1e-5)
    assert loss.cross_entropy.item() == pytest.approx(GOLDEN["plain"]["cross_entropy"], abs=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_safe_leaves_absent_groups_out(case: dict[str, Any]) -> None:
    found = febs(case, "safe")
    assert found.loss.item() == pytest.approx(case["safe"]["loss"], abs=1e-5)
    for group, weight in zip(case["groups"], case["safe"]["sample_weights"], strict=True):
        if group >= 0:
            assert found.weights[group].item() == pytest.approx(weight, abs=1e-5)
    absent = [group for group in range(case["n_groups"]) if group not in case["groups"]]
    assert found.weights[absent].isnan().all()
    assert found.group_losses[absent].isnan().all()


@pytest.mark.parametrize("name", ["absent_group", "single_group_batch"])
def test_an_absent_group_stops_only_the_reference_from_learning(name: str) -> None:
    assert max(gradient_norms(case_named(name), "reference")) == 0.0
    assert min(gradient_norms(case_named(name), "safe")) > 0.01
    assert min(gradient_norms(case_named(name), "upweight_hard")) > 0.01


def test_only_upweight_hard_moves_gradient_to_the_hard_group() -> None:
    case = case_named("all_present")  # samples 0 and 3 are easy, 1 is harder, 2 the hardest

    def hard_share(norms: list[float]) -> float:
        return norms[2] / sum(norms)

    logits = LOGITS.clone().requires_grad_()
    dice_loss(logits, LABELS).backward()  # type: ignore[no-untyped-call]  # torch's own
    assert logits.grad is not None
    plain = hard_share(logits.grad.flatten(1).norm(dim=1).tolist())
    assert hard_share(gradient_norms(case, "safe")) < plain
    assert hard_share(gradient_norms(case, "upweight_hard")) > plain


def test_upweight_hard_weighs_by_the_ratio_to_the_hardest() -> None:
    case = case_named("all_present")
    losses = case["reference"]["group_losses"]
    expected = [math.tanh(loss / max(losses)) for loss in losses]
    assert febs(case, "upweight_hard").weights.tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("mode", ["reference", "safe", "upweight_hard"])
def test_equal_groups_get_equal_weights(mode: FebsMode) -> None:
    found = febs_loss(
        LOGITS[[0, 0]], LABELS[[0, 0]], torch.tensor([0, 1]), n_groups=2, gamma=1.0, mode=mode
    )
    assert found.weights.tolist() == pytest.approx([math.tanh(1)] * 2)


@pytest.mark.parametrize("mode", ["safe", "upweight_hard"])
def test_a_batch_of_unknown_groups_still_learns(mode: FebsMode) -> None:
    case = {"groups": [-1] * 4, "n_groups": 3, "gamma": 1.0}
    assert min(gradient_norms(case, mode)) > 0.01
    assert febs(case, mode).weights.isnan().all()


@pytest.mark.parametrize("mode", ["safe", "upweight_hard"])
def test_a_perfect_prediction_costs_what_the_weights_leave(mode: FebsMode) -> None:
    logits = 100.0 * torch.nn.functional.one_hot(LABELS, 3).movedim(-1, 1)
    groups = torch.tensor([0, 0, 1, 1])
    loss = febs_loss(logits[[0, 1, 0, 1]], LABELS[[0, 1, 0, 1]], groups, 2, 1.0, mode).loss
    w = math.tanh(1)
    assert loss.item() == pytest.approx(1 - 2 * w / (w * w + 1), abs=1e-5)  # 0.036


def test_half_precision_gives_a_float32_loss() -> None:
    loss = febs(case_named("all_present"), "safe", LOGITS.half()).loss
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(case_named("all_present")["safe"]["loss"], abs=1e-3)
