"""The two towers: what is trained, what features are, and where weights come from."""

from pathlib import Path

import pytest
import torch

from fairness.errors import UsageError
from training.models import clip
from training.models.clip import Clip, build
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


def test_what_the_original_leaves_out_of_its_optimiser_is_frozen(tiny: Clip) -> None:
    frozen = {n for n, p in tiny.towers.named_parameters() if not p.requires_grad}
    assert frozen == FROZEN


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


def test_weights_are_read_from_a_local_folder(
    tiny: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.towers.save_pretrained(tmp_path)
    monkeypatch.setattr(clip, "vit_b16_config", clip.tiny_config)
    read = build("vit-b16", str(tmp_path)).state_dict()
    assert all(torch.equal(read[name], value) for name, value in tiny.state_dict().items())


def test_weights_of_another_architecture_are_refused(tiny: Clip, tmp_path: Path) -> None:
    tiny.towers.save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="patches of 16 in 96 pixels"):
        build("vit-b16", str(tmp_path))


def test_missing_weights_say_in_one_line_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hf download") as caught:
        build("vit-b16", str(tmp_path / "nothing"))
    assert "\n" not in str(caught.value)


def test_tiny_takes_no_weights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="random weights"):
        build("tiny", str(tmp_path))


@pytest.mark.full_size
def test_vit_b16_has_the_published_size() -> None:
    model = build("vit-b16", None)
    parameters = dict(model.towers.named_parameters())
    counts = {name: p.numel() for name, p in parameters.items()}
    vision = sum(n for name, n in counts.items() if name.startswith(("vision", "visual")))
    trained = sum(p.numel() for p in parameters.values() if p.requires_grad)
    assert sum(counts.values()) == 149_620_737  # OpenAI's ViT-B/16
    assert vision == 86_192_640
    assert trained == vision + 12 * 3_152_384  # twelve text blocks of width 512
    assert {name for name, p in parameters.items() if not p.requires_grad} == FROZEN
