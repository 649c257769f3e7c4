"""The two towers: what is trained, what features are, and where weights come from."""

from pathlib import Path

import pytest
import torch
from transformers import CLIPModel

from fairness.errors import UsageError
from training.models.clip import Clip, build
from training.models.clip_sizes import SIZES, Preset
from training.models.prompts import tokenize

FROZEN = {
    "logit_scale",
    "text_model.embeddings.token_embedding.weight",
    "text_model.embeddings.position_embedding.weight",
    "text_model.final_layer_norm.weight",
    "text_model.final_layer_norm.bias",
    "text_projection.weight",
}


@pytest.fixture(scope="module")
def tiny() -> Clip:
    torch.manual_seed(0)
    return build("tiny", None)


BLOCK = [
    f"{part}.{kind}"
    for part in (
        *("layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2"),
        *(f"self_attn.{name}_proj" for name in ("q", "k", "v", "out")),
    )
    for kind in ("weight", "bias")
]
"""Parameters of a block of either tower."""
OUTSIDE_BLOCKS = {
    "vision_model.embeddings.class_embedding",
    "vision_model.embeddings.patch_embedding.weight",
    "vision_model.embeddings.position_embedding.weight",
    "vision_model.pre_layrnorm.weight",
    "vision_model.pre_layrnorm.bias",
    "vision_model.post_layernorm.weight",
    "vision_model.post_layernorm.bias",
    "visual_projection.weight",
}
"""All that is trained of the image tower besides."""


def names(model: Clip, trained: bool) -> set[str]:
    return {n for n, p in model.towers.named_parameters() if p.requires_grad is trained}


@pytest.mark.parametrize(
    ("preset", "vision_layers", "text_layers"),
    [("tiny", 2, 1), ("vit-b16", 12, 12), ("vit-l14", 24, 12)],
)
def test_the_trained_parameters_are_those_of_the_original_s_optimiser(
    preset: Preset, vision_layers: int, text_layers: int
) -> None:
    with torch.device("meta"):
        model = Clip(CLIPModel(SIZES[preset].config()))
    towers = [("vision_model", vision_layers), ("text_model", text_layers)]
    blocks = {
        f"{tower}.encoder.layers.{layer}.{name}"
        for tower, layers in towers
        for layer in range(layers)
        for name in BLOCK
    }
    assert names(model, trained=True) == OUTSIDE_BLOCKS | blocks
    assert names(model, trained=False) == FROZEN


def test_train_all_freezes_nothing() -> None:
    assert names(build("tiny", None, train_all=True), trained=False) == set()


@pytest.mark.parametrize(
    ("preset", "parameters", "vision", "text_block"),
    [
        ("vit-b16", 149_620_737, 86_192_640, 3_152_384),
        ("vit-l14", 427_616_513, 303_966_208, 7_087_872),
    ],
)
def test_the_networks_have_openai_s_published_sizes(
    preset: Preset, parameters: int, vision: int, text_block: int
) -> None:
    with torch.device("meta"):
        model = Clip(CLIPModel(SIZES[preset].config()))
    counts = {name: p.numel() for name, p in model.towers.named_parameters()}
    assert sum(counts.values()) == parameters
    assert sum(n for name, n in counts.items() if name.startswith("vis")) == vision
    blocks = sum(n for name, n in counts.items() if name.startswith("text_model.encoder."))
    assert blocks == 12 * text_block


def test_features_have_unit_length(tiny: Clip) -> None:
    images = torch.randint(0, 256, (3, 120, 100), dtype=torch.uint8)
    tokens = tokenize(["a note", "another, longer note", ""])
    with torch.no_grad():
        for features in (tiny.encode_image(images), tiny.encode_text(tokens)):
            assert features.shape == (3, 64)
            torch.testing.assert_close(features.norm(dim=1), torch.ones(3))


def test_text_features_do_not_depend_on_the_other_texts_of_the_batch(tiny: Clip) -> None:
    # Padding behind the longest text is cut off; attention is causal, so nothing may change.
    notes = ["short", "a much longer note on a cup-to-disc ratio of 0.7 and a visual field defect"]
    with torch.no_grad():
        alone = tiny.encode_text(tokenize(notes[:1]))
        together = tiny.encode_text(tokenize(notes))[:1]
        full = tiny.towers.get_text_features(input_ids=tokenize(notes[:1])).pooler_output
    torch.testing.assert_close(alone, together, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(alone, full / full.norm(dim=1, keepdim=True), rtol=1e-5, atol=1e-6)


def test_a_kept_crop_gives_the_features_of_its_image(tiny: Clip) -> None:
    images = torch.randint(0, 256, (2, 664, 512), dtype=torch.uint8)
    kept = tiny.preprocess.crop(images).to(torch.uint8)
    with torch.no_grad():
        from_crops = tiny.encode_pixels(tiny.preprocess.normalise(kept))
        assert torch.equal(from_crops, tiny.encode_image(images))


def test_random_weights_follow_the_seed() -> None:
    torch.manual_seed(3)
    first = build("tiny", None).state_dict()
    torch.manual_seed(3)
    again = build("tiny", None).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_weights_are_read_from_a_local_folder(tiny: Clip, tmp_path: Path) -> None:
    tiny.towers.save_pretrained(tmp_path)
    read = build("tiny", str(tmp_path)).state_dict()
    assert all(torch.equal(read[name], value) for name, value in tiny.state_dict().items())


def test_weights_of_another_architecture_are_refused(tiny: Clip, tmp_path: Path) -> None:
    tiny.towers.save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="num_attention_heads is 2, not 12; choose another"):
        build("vit-b16", str(tmp_path))


def test_missing_weights_say_in_one_line_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hf download") as caught:
        build("vit-b16", str(tmp_path / "nothing"))
    assert "\n" not in str(caught.value)
