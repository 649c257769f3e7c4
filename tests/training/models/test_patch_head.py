"""The two heads against golden values, and what a transport plan must keep."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.models.patch_head import ITERATIONS, mean_logits, transport_logits, transport_plan

FILE = Path(__file__).parents[2] / "golden" / "fairlora_model.json"
GOLDEN: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
GIVEN, PLAIN, TRANSPORT = (
    GOLDEN["head_no_ot"]["input"],
    GOLDEN["head_no_ot"]["expected"],
    GOLDEN["head_cot_fedotp"],
)


def features() -> tuple[Tensor, Tensor]:
    patches = torch.tensor(GIVEN["patch_features_tokens_batch_dim"], dtype=torch.float64)
    text = torch.tensor(GIVEN["text_features_prompt_class_dim"], dtype=torch.float64)
    return patches.transpose(0, 1), functional.normalize(text, dim=-1)


def test_the_mean_of_cosines_is_golden() -> None:
    logits = mean_logits(*features(), torch.tensor(GIVEN["logit_scale_exp"]))
    torch.testing.assert_close(
        logits, torch.tensor(PLAIN["logits"], dtype=torch.float64), rtol=0, atol=1e-8
    )
    assert logits.softmax(dim=1)[:, 1].tolist() == pytest.approx(PLAIN["p_positive"], abs=1e-8)


def test_partial_transport_is_golden() -> None:
    assert TRANSPORT["expected"]["iterations"] == ITERATIONS
    expected = torch.tensor(TRANSPORT["expected"]["logits"], dtype=torch.float64)
    torch.testing.assert_close(transport_logits(*features()), expected, rtol=0, atol=1e-8)


def test_a_plan_moves_four_fifths_of_the_mass_within_its_margins() -> None:
    torch.manual_seed(0)
    cosines = torch.rand(4, 2, 9, 2, dtype=torch.float64) * 2 - 1
    plan = transport_plan(cosines)
    # The last scaling was the columns', so rows hold as far as the iteration has converged.
    assert float(plan.sum(dim=-1).max()) == pytest.approx(1 / 9, rel=1e-3)
    torch.testing.assert_close(plan.sum(dim=-2), torch.full((4, 2, 2), 0.4, dtype=torch.float64))
    mass = TRANSPORT["expected"]["plan_total_mass"]
    assert plan.sum(dim=(-2, -1))[:2].flatten().tolist() == pytest.approx(mass)


def test_an_answer_does_not_depend_on_its_neighbours() -> None:
    patches, text = features()
    alone = torch.cat([transport_logits(one, text) for one in patches.chunk(len(patches))])
    torch.testing.assert_close(transport_logits(patches, text), alone, rtol=0, atol=1e-12)


def test_the_plan_is_constant_to_the_gradient() -> None:
    patches, text = features()
    unit = functional.normalize(patches, dim=-1)
    plan = transport_plan(unit.unsqueeze(1) @ text.permute(1, 2, 0))  # (B, C, M, N)
    unit.requires_grad_()
    transport_logits(unit, text)[:, 1].sum().backward()  # type: ignore[no-untyped-call]  # torch's
    assert unit.grad is not None
    along = 100 * plan[:, 1] @ text[:, 1]  # derivative by the cosines, before normalisation
    expected = along - (along * unit).sum(dim=-1, keepdim=True) * unit.detach()
    torch.testing.assert_close(unit.grad, expected.detach())
