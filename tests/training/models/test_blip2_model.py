"""BLIP-2's parts against those of `transformers` at equal weights; captions in two passes."""

from typing import Any

import numpy as np
import pytest
import torch
from small_blip2 import NOTES, random_blip2
from torch import Tensor, nn
from torch.nn import functional
from transformers import Blip2Config, Blip2ForImageTextRetrieval

from training.models.blip2 import Blip2, caption_mask
from training.models.blip2_sizes import Blip2Sizes, tiny_sizes
from training.models.blip2_text import small_vocabulary

IMAGES = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (3, 80, 64), dtype=np.uint8))


class Known(nn.Module):
    """Stands for an image tower that answered already."""

    def __init__(self, patches: Tensor) -> None:
        super().__init__()
        self.patches = patches

    def forward(self, pixel_values: Tensor, **_: Any) -> tuple[Tensor]:
        return (self.patches,)


def of_transformers(model: Blip2, patches: Tensor) -> Any:
    """The matching model of `transformers` with our weights, behind our image tower."""
    config = Blip2Config(
        qformer_config=model.qformer.config.to_dict(),
        num_query_tokens=model.sizes.queries,
        image_text_hidden_size=model.sizes.embedding,
        vision_config={"hidden_size": model.sizes.vision_width, "num_hidden_layers": 1},
    )
    theirs: Any = Blip2ForImageTextRetrieval(config)
    theirs.eval()
    theirs.vision_model = Known(patches)
    theirs.query_tokens.data.copy_(model.query_tokens)
    theirs.embeddings.load_state_dict(model.embeddings.state_dict())
    theirs.qformer.load_state_dict(model.qformer.state_dict())
    theirs.vision_projection.load_state_dict(model.vision_projection.state_dict())
    theirs.text_projection.load_state_dict(model.text_projection.state_dict())
    theirs.itm_head.load_state_dict(model.match_head.state_dict())
    return theirs


@torch.no_grad()
@pytest.mark.parametrize("matching", [False, True])
def test_blip2_answers_as_the_one_of_transformers(matching: bool) -> None:
    model = random_blip2()
    patches, tokens = model.patches(model.squash(IMAGES)), model.pieces(NOTES)
    answer = of_transformers(model, patches)(
        pixel_values=torch.zeros(3, 3, 8, 8),
        input_ids=tokens,
        attention_mask=(tokens != model.pieces.pad).long(),
        use_image_text_matching_head=matching,
    ).logits_per_image
    texts = model.encode_text(tokens)
    ours = model.match(patches, tokens) if matching else model.prompt_cosines(IMAGES, texts)
    torch.testing.assert_close(ours, answer, rtol=1e-5, atol=1e-6)
    assert answer.std() > 1e-3


@torch.no_grad()
def test_blip2_queries_of_the_captioning_pass_have_not_seen_the_text() -> None:
    model = random_blip2()
    patches = model.patches(model.squash(IMAGES))
    queries, _ = model.caption(patches, model.pieces(NOTES))
    torch.testing.assert_close(queries, model.look(patches), rtol=1e-5, atol=1e-6)


def attend(layer: Any, rows: Tensor, context: Tensor, visible: Tensor) -> Tensor:
    """Self-attention written out: rows (B, T, W) look at those of a context that are visible."""
    inner = layer.attention.attention
    heads = inner.num_attention_heads

    def split(values: Tensor) -> Tensor:
        return values.reshape(*values.shape[:2], heads, -1).transpose(1, 2)

    query, key, value = (
        split(inner.query(rows)),
        split(inner.key(context)),
        split(inner.value(context)),
    )
    scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
    weights = scores.masked_fill(~visible, -torch.inf).softmax(dim=-1)
    seen = (weights @ value).transpose(1, 2).flatten(2)
    done: Tensor = layer.attention.output(seen, rows)
    return done


@torch.no_grad()
def test_blip2_captions_in_one_pass_are_those_of_two_with_kept_queries() -> None:
    """The release runs the queries first, keeps what each layer saw, and reads it with the text."""
    model = random_blip2()
    layers: list[Any] = list(model.qformer.encoder.layer)
    patches, tokens = model.patches(model.squash(IMAGES)), model.pieces(NOTES)
    kept: list[Tensor] = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
        for layer in layers
    ]
    model.look(patches)
    for hook in hooks:
        hook.remove()
    started = tokens.clone()
    started[:, 0] = model.pieces.caption_start
    text = model.qformer.layernorm(model.embeddings(started))
    length, queries = tokens.shape[1], model.sizes.queries
    real = (tokens != model.pieces.pad)[:, None, None, :]
    causal = torch.ones(length, length).tril().bool() & real
    visible = torch.cat([torch.ones(len(tokens), 1, length, queries).bool(), causal], dim=3)
    for layer, before in zip(layers, kept, strict=True):
        seen = attend(layer, text, torch.cat([before, text], dim=1), visible)
        text = layer.output(layer.intermediate(seen), seen)
    head: list[Any] = list(model.caption_transform)
    words = head[2](functional.gelu(head[0](text))) @ model.embeddings.word_embeddings.weight.T
    by_hand = words + model.caption_bias
    found = model.caption(patches, tokens)[1]
    torch.testing.assert_close(found[real[:, 0, 0]], by_hand[real[:, 0, 0]], rtol=1e-4, atol=1e-5)


def test_blip2_caption_mask_written_out() -> None:
    known = torch.tensor([[True, True, False]])
    wanted = [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
    ]
    assert caption_mask(2, known).int().tolist() == [[wanted]]


@torch.no_grad()
def test_blip2_score_is_the_softmax_by_the_temperature() -> None:
    model = random_blip2()
    prompts = model.encode_text(
        model.pieces(["A picture of non-glaucoma", "A picture of glaucoma"])
    )
    queries = model.encode_image(IMAGES).numpy()
    for row, score in zip(queries, model.score(model.prompt_cosines(IMAGES, prompts)), strict=True):
        best = np.array([max(q @ p for q in row) for p in prompts.numpy()]) / 0.07
        assert score.item() == pytest.approx(np.exp(best[1]) / np.exp(best).sum(), rel=1e-4)


def test_blip2_starts_as_published_and_its_tower_never_trains() -> None:
    model = random_blip2()
    large = Blip2Sizes(vocabulary=small_vocabulary(NOTES))
    assert (large.queries, large.embedding, large.layers, large.width) == (32, 256, 12, 768)
    assert model.temperature.item() == pytest.approx(0.07)
    torch.manual_seed(0)
    wide = Blip2(Blip2Sizes(**(vars(tiny_sizes(small_vocabulary(NOTES))) | {"queries": 500})))
    assert wide.query_tokens.std().item() == pytest.approx(0.02, rel=0.02)
    crossed = [hasattr(layer, "crossattention") for layer in model.qformer.encoder.layer]
    assert crossed == [True, False]
    model.train()
    assert (model.qformer.training, model.vision.training) == (True, False)


def test_blip2_s_padding_changes_nothing() -> None:
    model = random_blip2()
    short, alone = model.pieces(["glaucoma", NOTES[0]])[:1], model.pieces(["glaucoma"])
    assert short.shape[1] > alone.shape[1]
    with torch.no_grad():
        pair = model.encode_text(short), model.encode_text(alone)
    torch.testing.assert_close(*pair, rtol=1e-5, atol=1e-6)
