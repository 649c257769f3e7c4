"""Files of LAVIS and BERT, written here in their names, become the BLIP-2 that they describe."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from small_blip2 import NOTES, random_blip2
from torch import Tensor
from transformers import BertConfig, BertForPreTraining

from fairness.errors import UsageError
from training.models.blip2 import Blip2
from training.models.blip2_weights import blocks_in, fill_from_bert, fill_from_lavis
from training.models.weight_file import read_state

BLOCK = "visual_encoder.transformer.resblocks."
SELF = "Qformer.bert.encoder.layer."


def lavis_state(model: Blip2) -> dict[str, Tensor]:
    """A model's tensors under the names that LAVIS gives them, listed by hand for two layers."""
    ours: dict[str, Any] = dict(model.state_dict())
    state = {
        "query_tokens": ours["query_tokens"],
        "temp": ours["temperature"],
        "visual_encoder.class_embedding": ours["vision.embeddings.class_embedding"],
        "visual_encoder.positional_embedding": ours["vision.embeddings.position_embedding.weight"],
        "visual_encoder.conv1.weight": ours["vision.embeddings.patch_embedding.weight"],
        "Qformer.bert.embeddings.position_ids": torch.arange(32)[None],
    }
    for words in ("word", "position"):
        state[f"Qformer.bert.embeddings.{words}_embeddings.weight"] = ours[
            f"embeddings.{words}_embeddings.weight"
        ]
    state["Qformer.cls.predictions.decoder.weight"] = ours["embeddings.word_embeddings.weight"]
    for kind in ("weight", "bias"):
        pairs = {
            "visual_encoder.ln_pre": "vision.pre_layrnorm",
            "ln_vision": "ln_vision",
            "Qformer.bert.embeddings.LayerNorm": "qformer.layernorm",
            "Qformer.cls.predictions.transform.dense": "caption_transform.0",
            "Qformer.cls.predictions.transform.LayerNorm": "caption_transform.2",
            "vision_proj": "vision_projection",
            "text_proj": "text_projection",
            "itm_head": "match_head",
        }
        for layer in (0, 1):
            block, theirs = f"vision.encoder.layers.{layer}", f"{BLOCK}{layer}"
            pairs[f"{theirs}.ln_1"], pairs[f"{theirs}.ln_2"] = (
                f"{block}.layer_norm1",
                f"{block}.layer_norm2",
            )
            pairs[f"{theirs}.attn.out_proj"] = f"{block}.self_attn.out_proj"
            pairs[f"{theirs}.mlp.c_fc"] = f"{block}.mlp.fc1"
            pairs[f"{theirs}.mlp.c_proj"] = f"{block}.mlp.fc2"
            state[f"{theirs}.attn.in_proj_{kind}"] = torch.cat(
                [ours[f"{block}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
            )
            layer_of, former = f"qformer.encoder.layer.{layer}", f"{SELF}{layer}"
            for attention in ("attention", "crossattention")[: 2 - layer]:
                for part in ("query", "key", "value"):
                    pairs[f"{former}.{attention}.self.{part}"] = (
                        f"{layer_of}.{attention}.attention.{part}"
                    )
                for part in ("dense", "LayerNorm"):
                    name = f"{attention}.output.{part}"
                    pairs[f"{former}.{name}"] = f"{layer_of}.{name}"
            for query in ("", "_query"):
                for part in ("intermediate{}.dense", "output{}.dense", "output{}.LayerNorm"):
                    name = part.format(query)
                    pairs[f"{former}.{name}"] = f"{layer_of}.{name}"
        state |= {f"{theirs}.{kind}": ours[f"{our}.{kind}"] for theirs, our in pairs.items()}
    state["Qformer.cls.predictions.bias"] = ours["caption_bias"]
    state["Qformer.cls.predictions.decoder.bias"] = ours["caption_bias"]
    return state


def write_lavis(path: Path, state: dict[str, Tensor]) -> Path:
    """As LAVIS writes a checkpoint."""
    torch.save({"model": state, "optimizer": {}, "config": {"run": {}}, "epoch": 49}, path)
    return path


def answers(model: Blip2) -> tuple[Tensor, Tensor, Tensor]:
    images = torch.arange(2 * 40 * 30).reshape(2, 40, 30).remainder(251).to(torch.uint8)
    tokens = model.pieces(NOTES[:2])
    with torch.no_grad():
        patches = model.patches(model.squash(images))
        cosines = model.prompt_cosines(images, model.encode_text(tokens))
        return cosines, model.match(patches, tokens), model.caption(patches, tokens)[1]


def test_a_lavis_file_is_the_blip2_that_it_came_from(tmp_path: Path) -> None:
    saved, model = random_blip2(1), random_blip2(2)
    path = write_lavis(tmp_path / "checkpoint_49.pth", lavis_state(saved))
    state = read_state(path)
    assert blocks_in(state) == 2
    fill_from_lavis(model, state, path)
    for ours, theirs in zip(answers(model), answers(saved), strict=True):
        assert torch.equal(ours, theirs)


def test_a_lavis_file_without_a_tower_leaves_blip2_s_own(tmp_path: Path) -> None:
    saved, model = random_blip2(1), random_blip2(2)
    before = {n: t.clone() for n, t in model.vision.state_dict().items()}
    state = {n: t for n, t in lavis_state(saved).items() if not n.startswith("visual_encoder")}
    assert blocks_in(state) == 0
    fill_from_lavis(model, state, tmp_path / "x.pth")
    assert all(torch.equal(t, before[n]) for n, t in model.vision.state_dict().items())
    assert torch.equal(model.query_tokens, saved.query_tokens)


def drop(name: str) -> Callable[[dict[str, Tensor]], object]:
    return lambda state: state.pop(name)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (drop("temp"), "lacks temp"),
        (drop("visual_encoder.class_embedding"), "lacks visual_encoder.class_embedding"),
        (lambda s: s.update(query_tokens=torch.zeros(1, 32, 64)), "query_tokens of shape"),
        (lambda s: s.update({"opt_proj.weight": torch.zeros(1)}), "has the unknown opt_proj"),
        (lambda s: s.update(temp=torch.tensor(torch.nan)), "temp, which is not finite"),
    ],
)
def test_a_lavis_file_of_another_kind_is_not_blip2(
    spoil: Callable[[dict[str, Tensor]], object], message: str, tmp_path: Path
) -> None:
    state = lavis_state(random_blip2())
    spoil(state)
    with pytest.raises(UsageError, match=rf"x\.pth .*{re.escape(message)}") as caught:
        fill_from_lavis(random_blip2(), state, tmp_path / "x.pth")
    assert "\n" not in str(caught.value)


def write_bert(folder: Path, model: Blip2, **sizes: int) -> Any:
    """A random BERT with the vocabulary of a BLIP-2, without its [DEC]."""
    torch.manual_seed(9)
    shape: dict[str, Any] = {
        "hidden_size": 64,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
        "vocab_size": len(model.sizes.vocabulary),
    }
    bert: Any = BertForPreTraining(BertConfig(**(shape | sizes)))
    bert.save_pretrained(folder)
    return bert


def test_blip2_starts_from_bert_with_its_feed_forwards_for_queries_too(tmp_path: Path) -> None:
    model = random_blip2()
    layers: list[Any] = list(model.qformer.encoder.layer)
    cross = layers[0].crossattention.attention.query.weight.clone()
    bert = write_bert(tmp_path, model).bert
    fill_from_bert(model, tmp_path)
    for ours, theirs in zip(layers, bert.encoder.layer, strict=True):
        assert torch.equal(ours.attention.attention.key.weight, theirs.attention.self.key.weight)
        assert torch.equal(ours.intermediate.dense.weight, theirs.intermediate.dense.weight)
        assert torch.equal(ours.intermediate_query.dense.weight, theirs.intermediate.dense.weight)
        assert torch.equal(ours.output_query.LayerNorm.bias, theirs.output.LayerNorm.bias)
    words = bert.embeddings.word_embeddings.weight
    assert torch.equal(model.embeddings.word_embeddings.weight[:-1], words)
    assert torch.equal(layers[0].crossattention.attention.query.weight, cross)


def test_blip2_refuses_a_bert_of_another_size_or_none(tmp_path: Path) -> None:
    model = random_blip2()
    with pytest.raises(UsageError, match=r"holds no model\.safetensors"):
        fill_from_bert(model, tmp_path)
    write_bert(tmp_path, model, max_position_embeddings=64)
    with pytest.raises(UsageError, match=r"of shape \(64, 64\), not \(32, 64\)"):
        fill_from_bert(model, tmp_path)
