"""The whole FairLoRA model: what is trained, what groups change, what leaves a client."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from small_fairlora import images, moved, tiny
from torch.nn import functional

from fairness.contract import Threshold
from fairness.errors import DataError, UsageError
from training.checkpoint import Stored
from training.checkpoint_record import FairCLIPRecord
from training.fairlora.step import classification_loss, update
from training.models import clip
from training.models.fairlora import FairLoRA, FairLoRAConfig, build, restore

FILE = Path(__file__).parents[2] / "golden" / "fairlora_model.json"
COUNTS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))["parameter_counts"]
GROUPS = torch.tensor([2, -1, 0, 1, 1])
ADAPTERS = ("fairlora", "svlora", "lora", "none", "full")


def trained(model: FairLoRA) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize(("backbone", "rank"), [("vit-b16", 12), ("rn50", 32)])
def test_exactly_the_published_number_of_parameters_is_trained(
    backbone: Any, rank: int, groups: int
) -> None:
    counts = COUNTS[f"{backbone.replace('-', '_')}_rank{rank}"]
    with torch.device("meta"):
        model = build(FairLoRAConfig(backbone=backbone, rank=rank, n_groups=groups))
        volume = FairLoRAConfig(
            backbone=backbone, rank=rank, n_groups=groups, modality="oct", input_shape=(128, 9, 9)
        )
        assert trained(build(volume)) - trained(model) == COUNTS["oct_projection"]
    assert trained(model) == counts[f"total_groups{groups}"]
    state = model.trainable_state()
    assert sum(t.numel() for n, t in state.items() if n[-2:] == ".S") == counts[f"S_groups{groups}"]
    assert state["prompts.ctx"].numel() == counts["ctx"]
    running = sum(tensor.numel() for name, tensor in state.items() if ".running_" in name)
    assert running == counts.get("bn_affine", 0)  # as many statistics as affine values
    assert sum(t.numel() for t in state.values()) == trained(model) + running


@pytest.mark.parametrize("modality", ["slo", "oct"])
@pytest.mark.parametrize("backbone", ["tiny", "tiny-rn"])
def test_before_training_every_group_gets_the_frozen_clip_s_answer(
    backbone: str, modality: str
) -> None:
    frozen = tiny(backbone=backbone, modality=modality, adapter="none")
    pictures = images(frozen, 5)
    with torch.no_grad():
        expected = frozen(pictures, GROUPS)
        for adapter in ADAPTERS:
            model = tiny(backbone=backbone, modality=modality, adapter=adapter)
            assert torch.equal(model(pictures, GROUPS), expected)


def test_the_frozen_answer_is_that_of_the_towers_of_transformers() -> None:
    model = tiny(adapter="fairlora")
    torch.manual_seed(0)
    towers = clip.build("tiny", None).towers
    pictures = images(model, 2)
    with torch.no_grad():
        hidden = towers.vision_model(pixel_values=model.input(pictures)).last_hidden_state
        patches = towers.visual_projection(towers.vision_model.post_layernorm(hidden[:, 1:]))
        cosines = functional.normalize(patches, dim=-1) @ model.prompts().flatten(0, 1).T
        expected = towers.logit_scale.exp() * cosines.view(2, -1, 2, 2).mean(dim=(1, 2))
        torch.testing.assert_close(model(pictures, GROUPS[:2]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("head", ["mean", "ot"])
@pytest.mark.parametrize("modality", ["slo", "oct", "chest"])
@pytest.mark.parametrize("backbone", ["tiny", "tiny-rn"])
def test_a_mixed_batch_answers_as_one_by_one(backbone: str, modality: str, head: str) -> None:
    model = moved(tiny(backbone=backbone, modality=modality, head=head)).eval()
    pictures = images(model, len(GROUPS))
    with torch.no_grad():
        together = model(pictures, GROUPS)
        alone = torch.cat([model(pictures[[i]], GROUPS[[i]]) for i in range(len(GROUPS))])
        other = model(pictures, torch.zeros_like(GROUPS))
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=3e-5)
    assert not torch.allclose(together[0], other[0], rtol=0, atol=3e-4)  # groups do matter


@pytest.mark.parametrize("adapter", ["svlora", "lora", "none", "full"])
def test_only_fairlora_looks_at_the_group(adapter: str) -> None:
    model = moved(tiny(adapter=adapter))
    pictures = images(model, 5)
    with torch.no_grad():
        assert torch.equal(model(pictures, GROUPS), model(pictures, GROUPS.flip(0)))


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("backbone", ["tiny", "tiny-rn"])
def test_a_step_moves_what_is_exchanged_and_nothing_else(backbone: str, adapter: str) -> None:
    model = moved(tiny(backbone=backbone, adapter=adapter, modality="oct")).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    labels = torch.tensor([0, 1, 1, 0, 1])
    logits = model(images(model, 5), GROUPS)
    update(classification_loss(logits, labels, GROUPS, 3, fairness_weight=0.1), optimizer)
    assert all(p.grad is None for p in model.parameters() if not p.requires_grad)
    changed = {n for n, t in model.state_dict().items() if not torch.equal(t, before[n])}
    exchanged = set(model.trainable_state())
    assert {name for name in changed if "num_batches" not in name} <= exchanged
    if adapter != "full":  # a full image tower has parameters without a gradient: the class token
        assert exchanged <= changed


def test_statistics_stay_at_home_if_told_so_and_still_in_a_frozen_tower() -> None:
    travelling = tiny(backbone="tiny-rn").trainable_state()
    home = tiny(backbone="tiny-rn", aggregate_bn_stats=False).trainable_state()
    assert {name for name in travelling if name not in home} == {
        name for name in travelling if ".running_" in name
    }
    model = tiny(backbone="tiny-rn", adapter="none").train()
    assert model.training
    assert not any(module.training for module in model.visual.modules())
    assert list(model.trainable_state()) == ["prompts.ctx"]


def test_what_left_one_model_makes_another_the_same() -> None:
    source = moved(tiny(backbone="tiny-rn"))
    state = source.trainable_state()
    target = tiny(backbone="tiny-rn")
    target.load_trainable(dict(reversed(state.items())))
    assert list(target.trainable_state()) == list(state)
    pictures = images(source, 5)
    with torch.no_grad():
        assert torch.equal(target(pictures, GROUPS), source(pictures, GROUPS))
        state["prompts.ctx"].zero_()  # a copy: the model keeps its own
        assert bool(source.prompts.ctx.any())


def test_tensors_of_another_model_are_refused() -> None:
    model = tiny()
    with pytest.raises(DataError, match="on one side only"):
        model.load_trainable(tiny(adapter="lora").trainable_state())
    with pytest.raises(DataError, match=r"'.*\.S' is \(2, 4\), not \(3, 4\)"):
        model.load_trainable(tiny(n_groups=2).trainable_state())


@pytest.mark.parametrize("backbone", ["tiny", "tiny-rn"])
def test_a_checkpoint_rebuilds_the_model(backbone: str, tmp_path: Path) -> None:
    model = moved(tiny(backbone=backbone, modality="oct"))
    architecture = json.loads(json.dumps(asdict(model.config)))
    threshold = Threshold(value=0.5, rule="fixed", split="val", split_sha256="ab")
    record = FairCLIPRecord(
        preset="tiny", dataset="fairvlmed", target="glaucoma", threshold=threshold
    )
    again = restore(Stored(tmp_path, architecture, model.state_dict(), record))
    assert again.config == model.config
    pictures = images(model, 5)
    with torch.no_grad():
        assert torch.equal(again(pictures, GROUPS), model(pictures, GROUPS))
    with pytest.raises(DataError, match="no FairLoRA model"):
        restore(Stored(tmp_path, architecture | {"rank": "many"}, {}, record))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rank": 3}, "even rank"),
        ({"lam": 1.5}, "within 0..1"),
        ({"n_prompts": 0}, "1 or more"),
        ({"modality": "oct", "input_shape": (100, 8, 8)}, "multiple of 32"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        FairLoRAConfig(**settings)


@pytest.mark.parametrize("adapter", ["lora", "none", "full"])
def test_without_diagonals_any_rank_fits(adapter: Any) -> None:
    assert FairLoRAConfig(adapter=adapter, rank=3, n_groups=5).diagonals is None


@pytest.mark.parametrize("backbone", ["tiny", "tiny-rn"])
def test_tiny_backbones_take_no_weights(backbone: Any) -> None:
    with pytest.raises(UsageError, match="random weights"):
        build(FairLoRAConfig(backbone=backbone), "weights")


@pytest.mark.full_size
@pytest.mark.parametrize(("backbone", "rank"), [("vit-b16", 12), ("rn50", 32)])
def test_full_size_models_answer_mixed_groups(backbone: Any, rank: int) -> None:
    model = tiny(backbone=backbone, rank=rank, input_shape=(664, 512))
    with torch.no_grad():
        logits = model(images(model, 2), torch.tensor([0, -1]))
    assert logits.shape == (2, 2)
    assert bool(logits.isfinite().all())
