"""What the description in a folder of CLIP weights says that the weights themselves do not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import CLIPConfig

from fairness.documents import parse_json
from fairness.errors import UsageError
from training.models.clip_sizes import Activation, ClipSizes
from training.models.preprocess import MEAN, STD

LAYOUTS = {
    "config.json": ("model.safetensors", "pytorch_model.bin"),
    "open_clip_config.json": ("open_clip_model.safetensors", "open_clip_pytorch_model.bin"),
}
"""Descriptions that `transformers` and open_clip write, and the files of weights beside them."""

# What open_clip's plain CLIP is described by; anything more makes it another architecture.
_VISION = {"image_size", "layers", "width", "patch_size", "head_width", "mlp_ratio"}
_TEXT = {"context_length", "vocab_size", "layers", "width", "heads", "mlp_ratio"}
_LARGEST = 1 << 20


def activation_in(path: Path, sizes: ClipSizes) -> Activation:
    """The activation that a description names; its other facts must be those of the architecture.

    Sizes that show in the weights' shapes are left to them.

    Raises:
        UsageError: the description is unreadable, or of another architecture; names the key.
    """
    try:
        with path.open("rb") as file:
            described = parse_json(file.read(_LARGEST))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}; get it again") from None
    if path.name == "config.json":
        return _of_transformers(path, described, sizes)
    return _of_open_clip(path, described, sizes)


def _of_transformers(path: Path, described: dict[str, object], sizes: ClipSizes) -> Activation:
    if described.get("model_type") != "clip":
        raise UsageError(f"{path}: model_type is {described.get('model_type')!r}, not 'clip'")
    try:
        config: Any = CLIPConfig.from_dict(described)
        vision, text = config.vision_config, config.text_config
        for found, tower in ((vision, sizes.vision), (text, sizes.text)):
            _require(path, "num_attention_heads", found.num_attention_heads, tower.heads)
            _require(path, "layer_norm_eps", found.layer_norm_eps, 1e-5)
        _require(path, "hidden_act of the text tower", text.hidden_act, vision.hidden_act)
    except UsageError:
        raise
    except Exception as error:  # odd values fail in many ways
        raise UsageError(f"{path}: not CLIP's ({type(error).__name__}); get it again") from None
    if vision.hidden_act == "gelu":
        return "gelu"
    _require(path, "hidden_act", vision.hidden_act, "quick_gelu")
    return "quick_gelu"


def _of_open_clip(path: Path, described: dict[str, object], sizes: ClipSizes) -> Activation:
    model = _mapping(path, described, "model_cfg")
    vision, text = _mapping(path, model, "vision_cfg"), _mapping(path, model, "text_cfg")
    for part, keys, known in (("vision_cfg", vision, _VISION), ("text_cfg", text, _TEXT)):
        for key in keys.keys() - known:
            raise UsageError(
                f"{path}: {part} has {key}, which belongs to another architecture than CLIP's two "
                "plain transformers; docs/methods.md lists the layouts that are taken"
            )
    width = sizes.vision.width // sizes.vision.heads
    _require(path, "vision_cfg.head_width", vision.get("head_width", 64), width)
    _require(path, "text_cfg.heads", text.get("heads", 8), sizes.text.heads)
    images = described.get("preprocess_cfg")
    if isinstance(images, Mapping):
        _require(path, "preprocess_cfg.mean", images.get("mean", list(MEAN)), list(MEAN))
        _require(path, "preprocess_cfg.std", images.get("std", list(STD)), list(STD))
    return "quick_gelu" if model.get("quick_gelu") is True else "gelu"


def _mapping(path: Path, values: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = values.get(key)
    if not isinstance(found, Mapping):
        raise UsageError(f"{path}: {key} is missing")
    return found


def _require(path: Path, key: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise UsageError(
            f"{path}: {key} is {found}, not {wanted}; choose another --preset, or other weights"
        )
