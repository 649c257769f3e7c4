"""The layer adapted by group against golden values, and its invariances."""

import pytest
import torch
from golden_fairlora import GOLDEN, assert_golden, float64
from torch import Tensor, nn
from torch.nn import functional

from fairness.attributes import UNKNOWN
from fairness.errors import UsageError
from training.models.low_rank import LowRank, adapted, initial_diagonals, per_slice, table_rows

LINEAR = GOLDEN["fairlora_linear"]
GIVEN = LINEAR["input"]


def tokens_second(values: object) -> Tensor:
    """(tokens, B, features) of the golden file as (B, tokens, features)."""
    return float64(values).transpose(0, 1)


def golden_layer(base: nn.Linear | nn.Conv2d) -> LowRank:
    layer = LowRank(base, GIVEN["rank"], GIVEN["alpha"], groups=3, lam=GIVEN["lambda_group"])
    layer.double()
    assert layer.S is not None
    with torch.no_grad():
        layer.base.weight.copy_(float64(GIVEN["W"]).view_as(base.weight))
        for name in ("A", "B", "S"):
            layer.get_parameter(name).copy_(float64(GIVEN[name]))
    return layer


@pytest.fixture
def linear() -> LowRank:
    layer = golden_layer(nn.Linear(3, 2))
    assert layer.base.bias is not None
    with torch.no_grad():
        layer.base.bias.copy_(float64(GIVEN["bias"]))
    return layer


def test_a_mixed_batch_of_tokens_gives_the_golden_answers(linear: LowRank) -> None:
    expected = LINEAR["expected"]
    assert_golden(linear.table()[:3] * GIVEN["rank"] / GIVEN["alpha"], expected["S_mixed"])
    x = tokens_second(GIVEN["x_tokens_batch_features"])
    groups = torch.tensor(GIVEN["group"])
    y = linear(x, table_rows(groups, 3))
    torch.testing.assert_close(y, tokens_second(expected["y"]), rtol=0, atol=1e-8)
    y = linear(x, table_rows(torch.full_like(groups, UNKNOWN), 3))
    unknown = tokens_second(expected["y_group_unknown_uniform_mean_of_S"])
    torch.testing.assert_close(y, unknown, rtol=0, atol=1e-8)


def test_a_sample_s_group_holds_for_all_its_slices(linear: LowRank) -> None:
    given = LINEAR["slices"]
    rows = per_slice(torch.tensor(given["group_per_sample"]), given["slices_per_sample"])
    y = linear(tokens_second(given["x_tokens_slicebatch_features"]), rows)
    torch.testing.assert_close(y, tokens_second(given["y"]), rtol=0, atol=1e-8)


def test_a_1x1_convolution_gives_the_golden_answers() -> None:
    given = GOLDEN["fairlora_conv1x1"]["input"]
    layer = golden_layer(nn.Conv2d(3, 2, 1, bias=False))
    y = layer(float64(given["x_nchw"]), torch.tensor(given["group"]))
    assert_golden(y, GOLDEN["fairlora_conv1x1"]["expected"]["y_nchw"])


def test_the_convolution_is_the_linear_form_on_pixels(linear: LowRank) -> None:
    convolution = golden_layer(nn.Conv2d(3, 2, 1))
    assert convolution.base.bias is not None
    with torch.no_grad():
        convolution.base.bias.copy_(float64(GIVEN["bias"]))
    pixels = torch.randn(4, 3, 5, 7, dtype=torch.float64)
    rows = table_rows(torch.tensor([2, -1, 0, 1]), 3)
    on_pixels = linear(pixels.flatten(2).transpose(1, 2), rows).transpose(1, 2)
    torch.testing.assert_close(convolution(pixels, rows).flatten(2), on_pixels)


def test_merged_weights_are_golden_and_do_what_the_layer_does(linear: LowRank) -> None:
    merged = torch.stack([linear.merged_weight(group) for group in range(3)])
    assert_golden(merged, GOLDEN["merged_weights_per_group"]["expected"])
    x = torch.randn(1, 6, 3, dtype=torch.float64)
    for group in (0, 1, 2, UNKNOWN):
        plain = functional.linear(x, linear.merged_weight(group), linear.base.bias)
        torch.testing.assert_close(linear(x, table_rows(torch.tensor([group]), 3)), plain)


@pytest.mark.parametrize("groups", [None, 1])
def test_without_groups_merging_holds_as_well(groups: int | None) -> None:
    layer = LowRank(nn.Conv2d(3, 5, 1, bias=False), 4, 2.0, groups=groups)
    nn.init.normal_(layer.A)
    x = torch.randn(3, 3, 2, 2)
    plain = functional.conv2d(x, layer.merged_weight(UNKNOWN))
    torch.testing.assert_close(layer(x, torch.tensor([0, 7, 1])), plain)


def test_gradients_are_golden_and_leave_the_frozen_weight_alone(linear: LowRank) -> None:
    given = GOLDEN["fairlora_linear_backward"]
    x = tokens_second(GIVEN["x_tokens_batch_features"])
    y = linear(x, torch.tensor(GIVEN["group"])).mean(dim=1)
    loss = functional.cross_entropy(y, torch.tensor(given["labels"]))
    loss.backward()  # type: ignore[no-untyped-call]  # torch's
    assert_golden(loss.detach(), given["expected"]["loss"])
    for name in ("S", "A", "B"):
        gradient = linear.get_parameter(name).grad
        assert gradient is not None
        assert_golden(gradient, given["expected"][f"grad_{name}"])
    assert all(parameter.grad is None for parameter in linear.base.parameters())


@pytest.mark.parametrize(("rank", "groups"), [(12, 3), (12, 2), (4, 3), (32, 3)])
def test_diagonals_start_at_their_golden_values(rank: int, groups: int) -> None:
    found = initial_diagonals(rank, groups)
    assert_golden(found, GOLDEN[f"S_init_rank{rank}_groups{groups}"])
    layer = LowRank(nn.Linear(3, 2), rank, 2.0, groups=groups)
    torch.testing.assert_close(layer.S, nn.Parameter(found.float()))


def test_a_fresh_layer_changes_nothing_and_draws_b_from_the_normal() -> None:
    torch.manual_seed(0)
    base = nn.Linear(40, 200)
    layer = LowRank(base, 100, 8.0, groups=3)
    x = torch.randn(4, 5, 40)
    assert torch.equal(layer(x, table_rows(torch.tensor([0, 1, 2, -1]), 3)), base(x))
    assert not layer.A.any()
    assert float(layer.B.detach().std()) == pytest.approx(1, abs=0.02)  # 20,000 draws


def test_hard_groups_use_their_own_row_only() -> None:
    layer = LowRank(nn.Linear(3, 2), 4, 4.0, groups=2, lam=1.0)
    assert layer.S is not None
    torch.testing.assert_close(layer.table()[:2], layer.S.detach())
    torch.testing.assert_close(layer.table()[2], layer.S.detach().mean(dim=0))


@pytest.mark.parametrize("code", [-2, 3, 4])
def test_a_group_out_of_range_is_refused(linear: LowRank, code: int) -> None:
    with pytest.raises(IndexError):
        linear(torch.zeros(1, 1, 3, dtype=torch.float64), table_rows(torch.tensor([code]), 3))


@pytest.mark.parametrize(("rank", "groups"), [(5, 2), (2, 3), (0, 1)])
def test_a_rank_that_has_no_start_is_refused(rank: int, groups: int) -> None:
    with pytest.raises(UsageError, match="even rank"):
        initial_diagonals(rank, groups)


def test_a_layer_left_alone_needs_no_rows() -> None:
    base = nn.Linear(3, 2)
    x = torch.randn(1, 3)
    assert torch.equal(adapted(base, x, torch.tensor([0])), base(x))
