"""SAMed: published parameter counts, the SAM of transformers as oracle, what is trained."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from pydantic import TypeAdapter
from small_samed import SMALL, adapted, pixels
from torch.nn import functional
from transformers import SamModel

from fairness.errors import UsageError
from training.models import samed
from training.models.samed import TINY, VIT_B, Samed, SamedConfig


def count(model: Samed, prefix: str = "", part: str = "") -> int:
    named = model.named_parameters()
    chosen = [p for n, p in named if n.startswith(prefix) and part in n and p.requires_grad]
    return sum(parameter.numel() for parameter in chosen)


def test_vit_b_has_the_published_parameters() -> None:
    with torch.device("meta"):
        model = Samed(VIT_B)
    assert sum(parameter.numel() for parameter in model.parameters()) == 91_350_543
    assert count(model) == 4_071_695
    assert count(model, "vision_encoder.") == 147_456  # the adapters
    assert count(model, "prompt_encoder.") == 6_220
    assert count(model, "mask_decoder.") == 3_918_019


def test_at_224_pixels_only_tables_of_positions_differ() -> None:
    with torch.device("meta"):
        model = Samed(replace(VIT_B, image_size=224))
    fewer = 768 * (32**2 - 14**2) + 4 * 2 * 64 * (63 - 27)
    assert sum(parameter.numel() for parameter in model.parameters()) == 91_350_543 - fewer
    assert count(model) == 4_071_695


def test_all_three_masks_are_those_of_transformers() -> None:
    model = adapted()
    state = {k: v for k, v in model.merged().state_dict().items() if k != "grid"}
    code = state["prompt_encoder.shared_embedding.positional_embedding"]
    reference = SamModel(samed.sam_config(SMALL)).train(False)
    reference.load_state_dict({**state, "shared_image_embedding.positional_embedding": code})
    images = pixels(2)
    with torch.no_grad():
        logits, features = model.loss_logits(images)
        first = reference(images, multimask_output=False).pred_masks[:, 0]
        others = reference(images, multimask_output=True).pred_masks[:, 0]
        encoded = reference.get_image_embeddings(images)
    spread = float(logits.std())
    torch.testing.assert_close(logits, torch.cat([first, others], 1), rtol=0, atol=1e-5 * spread)
    torch.testing.assert_close(features, encoded.mean(dim=(2, 3)))


def test_logits_are_enlarged_bilinearly() -> None:
    model = adapted()
    with torch.no_grad():
        logits, features = model.loss_logits(pixels(2))
        full = model(pixels(2))
    assert (logits.shape, features.shape) == ((2, 3, 16, 16), (2, 16))
    assert full.shape == (2, 3, 64, 64)
    # Away from the border, four-fold enlargement averages back to what it came from, smoothed
    # by the triangle kernel: 1/8, 3/4, 1/8 along each axis.
    kernel = torch.tensor([0.125, 0.75, 0.125])
    smoothed = functional.conv2d(
        logits.flatten(0, 1)[:, None], torch.outer(kernel, kernel)[None, None]
    )
    pooled = functional.avg_pool2d(full, 4)[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(pooled.flatten(0, 1), smoothed[:, 0])


def test_an_image_does_not_depend_on_its_batch() -> None:
    model = adapted()
    with torch.no_grad():
        together = model(pixels(3))
        alone = torch.cat([model(image[None]) for image in pixels(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-6)


def test_random_weights_spread_over_images_and_pixels() -> None:
    torch.manual_seed(0)
    logits = Samed(SMALL)(pixels(4)).detach()
    assert float(logits.flatten(2).std(dim=2).mean()) > 1e-3
    assert float(logits.std(dim=0).mean()) > 1e-4


def test_new_adapters_leave_the_output_unchanged() -> None:
    torch.manual_seed(0)
    model = Samed(SMALL)
    with torch.no_grad():  # with gradients torch chooses another attention kernel
        assert torch.equal(model(pixels(1)), model.merged()(pixels(1)))


def test_merged_adapters_answer_the_same() -> None:
    model = adapted()
    state = {n: t * 0 if ".b_" in n else t for n, t in model.state_dict().items()}
    plain = Samed(SMALL)
    plain.load_state_dict(state)
    with torch.no_grad():
        answer, merged, silent = (m(pixels(2)) for m in (model, model.merged(), plain))
    assert not [name for name, _ in model.merged().named_modules() if name.endswith("a_q")]
    scale = float(answer.std())
    assert float((answer - merged).abs().max()) < 1e-5 * scale
    assert float((answer - silent).abs().max()) > 1e-3 * scale  # the adapters do act


def test_merging_leaves_the_model_as_it_was() -> None:
    model = adapted()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    again = model.merged().merged()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(again(pixels(1)), model.merged()(pixels(1)))


def test_gradients_reach_adapters_and_decoder_alone() -> None:
    model = adapted()
    torch.autograd.backward(model.loss_logits(pixels(2))[0].square().mean())
    reached = {name for name, p in model.named_parameters() if p.grad is not None}
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert frozen == {
        name
        for name, _ in model.vision_encoder.named_parameters(prefix="vision_encoder")
        if not name.endswith(("a_q.weight", "b_q.weight", "a_v.weight", "b_v.weight"))
    }
    idle = {name for name, _ in model.named_parameters()} - frozen - reached
    assert "prompt_encoder.no_mask_embed.weight" in reached
    assert all(n.startswith(("prompt_encoder.", "mask_decoder.iou_prediction")) for n in idle)


def test_the_original_s_parameters_without_gradient_are_counted() -> None:
    with torch.device("meta"):
        model = Samed(VIT_B)
    kept = count(model, "prompt_encoder.no_mask_embed")
    assert count(model, "mask_decoder.iou_prediction_head") == 132_355
    assert count(model, "prompt_encoder.") - kept == 5_964


def test_the_frequencies_of_positions_are_constants_that_checkpoints_keep() -> None:
    name = "prompt_encoder.shared_embedding.positional_embedding"
    model = adapted()
    assert name in model.state_dict()
    assert name not in dict(model.named_parameters())


def test_a_config_survives_json() -> None:
    text = json.dumps(asdict(SMALL))
    assert TypeAdapter(SamedConfig).validate_json(text) == SMALL
    assert SamedConfig(**asdict(SMALL)) == SMALL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_size": 500}, "multiples of 16"),
        ({"depth": 0}, "at least 1"),
        ({"heads": 3}, "heads divide"),
        ({"channels": 20}, "multiple of 8"),
        ({"decoder_heads": 3}, "heads divide"),
    ],
)
def test_sizes_that_do_not_divide_are_refused(change: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SamedConfig(**{**asdict(SMALL), **change})


def test_random_weights_follow_the_seed() -> None:
    first, again = adapted(seed=3).state_dict(), adapted(seed=3).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


@pytest.mark.further
def test_it_learns_where_a_bright_square_lies() -> None:
    torch.manual_seed(0)
    model = Samed(replace(TINY, image_size=64))
    images, masks = squares(64)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.005)
    for step in range(50):
        rows = torch.arange(16) + 16 * (step % 3)
        loss = functional.cross_entropy(model.loss_logits(images[rows])[0], masks[rows])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    with torch.no_grad():
        answers = model.loss_logits(images[48:])[0].argmax(dim=1)
    found, there = answers == 1, masks[48:] == 1
    dice = 2 * (found & there).sum() / (found.sum() + there.sum())
    assert float(dice) > 0.7  # of squares it has not seen; answering one place for all gives 0.5


def squares(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 3, 64, 64) of a bright square somewhere, and its masks (n, 16, 16)."""
    generator = torch.Generator().manual_seed(2)
    masks = torch.zeros(n, 16, 16, dtype=torch.int64)
    corners = torch.randint(0, 9, (n, 2), generator=generator)
    for mask, (row, column) in zip(masks, corners.tolist(), strict=True):
        mask[row : row + 8, column : column + 8] = 1
    large = masks.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2).float()
    noise = 0.1 * torch.rand(n, 3, 64, 64, generator=generator)
    return 0.2 + 0.5 * large[:, None] + noise, masks
