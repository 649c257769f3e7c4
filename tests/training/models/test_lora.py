"""Low-rank adapters against golden values and closed forms."""

import json
from pathlib import Path

import torch
from torch import nn

from training.models.lora import LoraQkv

GOLDEN = Path(__file__).parents[2] / "golden" / "lora_merge.json"


def test_output_and_merged_weight_are_those_of_the_golden_file() -> None:
    case = {name: torch.tensor(v) for name, v in json.loads(GOLDEN.read_text("utf-8")).items()}
    layer = LoraQkv(nn.Linear(4, 12), rank=2)
    names = {"base.weight": "qkv_weight", "base.bias": "qkv_bias", "a_q.weight": "A_q"}
    names |= {"b_q.weight": "B_q", "a_v.weight": "A_v", "b_v.weight": "B_v"}
    layer.load_state_dict({ours: case[golden] for ours, golden in names.items()})
    merged = layer.merged()
    torch.testing.assert_close(layer(case["x"]), case["expected_output"], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(merged.weight.data, case["expected_merged_weight"])
    torch.testing.assert_close(merged(case["x"]), case["expected_output"], rtol=1e-5, atol=1e-5)


def test_a_new_adapter_changes_nothing_and_is_drawn_uniformly() -> None:
    torch.manual_seed(0)
    base = nn.Linear(256, 768)
    layer = LoraQkv(base, rank=4)
    tokens = torch.rand(2, 3, 3, 256)
    assert torch.equal(layer(tokens), base(tokens))
    # Kaiming's uniform bound with slope sqrt(5): sqrt(6 / ((1 + 5) n)) = 1 / sqrt(n).
    largest = float(layer.a_q.weight.detach().abs().max())
    assert 0.98 / 16 < largest <= 1 / 16


def test_only_the_adapters_get_a_gradient() -> None:
    layer = LoraQkv(nn.Linear(8, 24), rank=2)
    torch.autograd.backward(layer(torch.rand(5, 8)).square().sum())
    moved = {name for name, parameter in layer.named_parameters() if parameter.grad is not None}
    assert moved == {"a_q.weight", "b_q.weight", "a_v.weight", "b_v.weight"}
