"""Weights of CLIP in every layout that is taken answer as the network that they come from."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from huggingface_hub.errors import EntryNotFoundError
from original_clip import OriginalClip, original_checkpoint
from torch import Tensor

from fairness.errors import UsageError
from training.models import clip_weights
from training.models.clip import build
from training.models.clip_sizes import SIZES
from training.models.prompts import tokenize

TOKENS = tokenize(["a note", "another, longer note"])
OPEN_CLIP = {
    "model_cfg": {
        "embed_dim": 64,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 96, "layers": 2, "width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 77, "width": 64, "heads": 2, "layers": 1},
    }
}
OPEN_CLIP["model_cfg"]["vision_cfg"]["head_width"] = 32  # type: ignore[index]  # as written above


@pytest.fixture(scope="module")
def original() -> OriginalClip:
    torch.manual_seed(0)
    return OriginalClip().eval()


def parameters(model: OriginalClip) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def as_pt(model: OriginalClip, folder: Path) -> Path:
    facts = {"input_resolution": torch.tensor(96), "vocab_size": torch.tensor(49408)}
    torch.save(parameters(model) | facts, folder / "clip.pt")
    return folder / "clip.pt"


def as_safetensors(model: OriginalClip, folder: Path) -> Path:
    safetensors.torch.save_file(parameters(model), folder / "named.whatever")
    return folder / "named.whatever"


def as_torchscript(model: OriginalClip, folder: Path) -> Path:
    torch.jit.save(torch.jit.script(model), folder / "scripted.pt")
    return folder / "scripted.pt"


def as_fairclip(model: OriginalClip, folder: Path) -> Path:
    torch.save(original_checkpoint(model), folder / "clip_ep007.pth")
    return folder / "clip_ep007.pth"


def as_open_clip(model: OriginalClip, folder: Path) -> Path:
    (folder / "open_clip_config.json").write_text(json.dumps(OPEN_CLIP))
    torch.save(parameters(model), folder / "open_clip_pytorch_model.bin")
    return folder


def as_trained_by_open_clip(model: OriginalClip, folder: Path) -> Path:
    state = {f"module.{name}": tensor for name, tensor in parameters(model).items()}
    torch.save({"epoch": 3, "name": "run", "state_dict": state}, folder / "epoch_3.pt")
    return folder / "epoch_3.pt"


def as_transformers(model: OriginalClip, folder: Path) -> Path:
    build("tiny", str(as_pt(model, folder))).towers.save_pretrained(folder / "saved")
    return folder / "saved"


def as_a_file_of_transformers(model: OriginalClip, folder: Path) -> Path:
    return as_transformers(model, folder) / "model.safetensors"


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    "write",
    [
        as_pt, as_safetensors, as_torchscript, as_fairclip, as_open_clip,
        as_trained_by_open_clip, as_transformers, as_a_file_of_transformers,
    ],
)  # fmt: skip
def test_the_features_are_those_of_openai_s_network(
    write: Callable[[OriginalClip, Path], Path], original: OriginalClip, tmp_path: Path
) -> None:
    ours = build("tiny", str(write(original, tmp_path)))
    pixels = torch.randn(3, 3, 96, 96)
    with torch.no_grad():
        images, texts = original(pixels, TOKENS)
        torch.testing.assert_close(ours.encode_pixels(pixels), images, rtol=1e-4, atol=2e-6)
        torch.testing.assert_close(ours.encode_text(TOKENS), texts, rtol=1e-4, atol=2e-6)
    assert ours.towers.logit_scale.item() == original.logit_scale.item()
    assert {p.dtype for p in ours.parameters()} == {torch.float32}


def test_a_name_on_the_hub_is_looked_up_file_by_file(
    original: OriginalClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asked = as_open_clip(original, tmp_path), []

    def download(repository: str, name: str) -> str:
        asked.append(f"{repository}/{name}")
        if not (folder / name).is_file():
            raise EntryNotFoundError(name)
        return str(folder / name)

    monkeypatch.setattr(clip_weights, "hf_hub_download", download)
    monkeypatch.setitem(SIZES, "tiny", replace(SIZES["tiny"], hub="some/clip"))
    model = build("tiny", "other/clip")
    assert torch.equal(model.towers.text_projection.weight.T, original.text_projection)
    assert asked == [
        "other/clip/config.json",
        "other/clip/open_clip_config.json",
        "other/clip/open_clip_model.safetensors",
        "other/clip/open_clip_pytorch_model.bin",
    ]


def test_the_activation_that_a_folder_names_is_taken(
    original: OriginalClip, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, pixels = as_open_clip(original, tmp_path), torch.randn(2, 3, 96, 96)
    quick = build("tiny", str(folder))
    described = json.loads(json.dumps(OPEN_CLIP))
    del described["model_cfg"]["quick_gelu"]  # open_clip's own default is the exact GELU
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    exact = build("tiny", str(folder))
    assert exact.towers.config.to_dict()["text_config"]["hidden_act"] == "gelu"
    with torch.no_grad():
        assert not torch.allclose(quick.encode_pixels(pixels), exact.encode_pixels(pixels))
    with caplog.at_level(logging.INFO):
        build("tiny", str(folder / "open_clip_pytorch_model.bin"))
    assert "taken to be QuickGELU" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("visual.ln_pre.bias"), r"clip\.pt lacks visual\.ln_pre\.bias; name"),
        (lambda s: s.update(logit_bias=torch.ones(1)), r"clip\.pt has the unknown logit_bias"),
        (lambda s: s.update(text_projection=torch.ones(64, 3)), r"projection of shape \(64, 3\)"),
        (lambda s: s["visual.proj"].fill_(torch.nan), r"has visual\.proj, which is not finite"),
        (lambda s: s.update(logit_scale=torch.tensor(4)), r"has logit_scale in torch\.int64"),
        (
            lambda s: s.update(text_projection=torch.ones(1).expand(10**6, 10**6)),
            r"text_projection of shape \(1000000, 1000000\), not \(64, 64\)",
        ),
        (lambda s: s.update({"visual.layer1.0.conv1.weight": torch.ones(1)}), "a ResNet as its"),
        (lambda s: s.update({"visual.trunk.cls_token": torch.ones(1)}), "image tower of timm"),
        (lambda s: s.update({"text.transformer.x": torch.ones(1)}), "another text tower"),
        (lambda s: s.update(x=3), "'x' is no tensor; name a state dict"),
        (lambda s: s.update(x=torch.ones(2, 2).to_sparse()), "x is no plain tensor"),
        (lambda s: s.clear(), "holds no tensors by name"),
    ],
    ids=range(12),
)  # fmt: skip
def test_tensors_that_do_not_fit_are_named_with_their_file(
    change: Callable[[dict[str, Tensor]], object],
    message: str,
    original: OriginalClip,
    tmp_path: Path,
) -> None:
    state = parameters(original)
    change(state)
    torch.save(state, tmp_path / "clip.pt")
    with pytest.raises(UsageError, match=message) as caught:
        build("tiny", str(tmp_path / "clip.pt"))
    assert "clip.pt" in str(caught.value)


def test_weights_of_another_preset_name_it(original: OriginalClip, tmp_path: Path) -> None:
    expected = r"has token_embedding\.weight of shape .*; these are weights of --preset tiny"
    with pytest.raises(UsageError, match=expected):
        build("vit-b16", str(as_safetensors(original, tmp_path)))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("vision_cfg", {"timm_model_name": "vit_base_patch16_224"}, "has timm_model_name, which"),
        ("text_cfg", {"hf_model_name": "bert", "heads": 2}, "text_cfg has hf_model_name, which"),
        ("text_cfg", {"heads": 12}, r"text_cfg\.heads is 12, not 2"),
        ("vision_cfg", {"head_width": 64}, r"vision_cfg\.head_width is 64, not 32"),
        ("vision_cfg", 3, "vision_cfg is missing"),
    ],
)
def test_descriptions_of_open_clip_of_another_architecture_are_refused(
    key: str, value: object, message: str, original: OriginalClip, tmp_path: Path
) -> None:
    folder = as_open_clip(original, tmp_path)
    described = json.loads(json.dumps(OPEN_CLIP))
    described["model_cfg"][key] = value
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    with pytest.raises(UsageError, match=rf"open_clip_config\.json: .*{message}"):
        build("tiny", str(folder))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(model_type="bert"), "model_type is 'bert', not 'clip'"),
        (lambda d: d["text_config"].update(hidden_act="gelu"), "hidden_act of the text tower is"),
        (lambda d: d["vision_config"].update(num_attention_heads=4), "num_attention_heads is 4"),
        (lambda d: d["vision_config"].update(num_attention_heads="x"), "not CLIP's"),
    ],
    ids=range(4),
)
def test_descriptions_of_transformers_of_another_architecture_are_refused(
    change: Callable[[dict[str, dict[str, object]]], object],
    message: str,
    original: OriginalClip,
    tmp_path: Path,
) -> None:
    folder = as_transformers(original, tmp_path)
    described = json.loads((folder / "config.json").read_text())
    change(described)
    (folder / "config.json").write_text(json.dumps(described))
    with pytest.raises(UsageError, match=rf"config\.json: {message}"):
        build("tiny", str(folder))


def test_a_folder_without_weights_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"config\.json beside .* or open_clip_config\.json"):
        build("tiny", str(tmp_path))
