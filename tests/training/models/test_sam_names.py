"""The rename table against the original's names and the conversion of `transformers`."""

import original_sam
import pytest
import torch

from training.models.sam_names import by_original_name, original_name
from training.models.samed import VIT_B, Samed


@pytest.fixture(scope="module")
def vit_b() -> Samed:
    with torch.device("meta"):
        return Samed(VIT_B)


def test_vit_b_has_the_tensors_of_the_original_with_three_masks(vit_b: Samed) -> None:
    ours = {original_name(n): tuple(t.shape) for n, t in vit_b.merged().state_dict().items()}
    assert ours == original_sam.shapes(VIT_B, masks=3)
    assert len(original_sam.shapes(VIT_B, masks=4)) == 314  # sam_vit_b_01ec64.pth


def test_both_ways_agree_with_the_conversion_of_transformers(vit_b: Samed) -> None:
    state = vit_b.merged().state_dict()
    for name, ours in by_original_name(state).items():
        assert original_sam.converted(name) == ours
    assert len(by_original_name(state)) == len(state)


def test_adapters_are_numbered_queries_before_values() -> None:
    stem = "vision_encoder.layers.11.attn.qkv"
    assert original_name(f"{stem}.a_q.weight") == "w_a_022"
    assert original_name(f"{stem}.b_v.weight") == "w_b_023"
    assert original_name(f"{stem}.base.bias") == "image_encoder.blocks.11.attn.qkv.bias"
