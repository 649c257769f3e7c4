"""Weights of OpenAI's CLIP RN50, whose text tower is renamed to the one of `transformers`."""

import re

import safetensors.torch
import torch
from torch import Tensor, nn
from transformers import CLIPTextModelWithProjection

from fairness.errors import UsageError

HOW = (
    "save OpenAI's once with `safetensors.torch.save_file(clip.load('RN50', 'cpu')[0]"
    ".state_dict(), 'rn50.safetensors')` and pass --weights rn50.safetensors"
)

_TEXT_NAMES = (
    (r"^token_embedding\.", "text_model.embeddings.token_embedding."),
    (r"^positional_embedding$", "text_model.embeddings.position_embedding.weight"),
    (r"^transformer\.resblocks\.", "text_model.encoder.layers."),
    (r"\.ln_(\d)\.", r".layer_norm\1."),
    (r"\.attn\.", ".self_attn."),
    (r"\.c_fc\.", ".fc1."),
    (r"\.c_proj\.", ".fc2."),
    (r"^ln_final\.", "text_model.final_layer_norm."),
    (r"^text_projection$", "text_projection.weight"),
)
_FACTS = ("input_resolution", "context_length", "vocab_size")


def load_openai(
    weights: str, visual: nn.Module, text: CLIPTextModelWithProjection, logit_scale: nn.Parameter
) -> None:
    """Read a .safetensors file of OpenAI's parameters into two towers and the logit scale.

    Raises:
        UsageError: the file is missing, unreadable, or of another architecture.
    """
    state = _read(weights)
    try:
        with torch.no_grad():
            logit_scale.copy_(state.pop("logit_scale"))
        pixels = {n[len("visual.") :]: t for n, t in state.items() if n.startswith("visual.")}
        visual.load_state_dict(pixels)
        text.load_state_dict(text_state({n: t for n, t in state.items() if n[:7] != "visual."}))
    except (KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{weights} is not CLIP's RN50: {reason}; {HOW}") from None


def text_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """OpenAI's parameters of a text tower under the names of `CLIPTextModelWithProjection`."""
    renamed = {}
    for name, tensor in state.items():
        for pattern, ours in _TEXT_NAMES:
            name = re.sub(pattern, ours, name)
        if "in_proj_" in name:  # query, key and value in one
            for part, third in zip("qkv", tensor.chunk(3), strict=True):
                renamed[name.replace("in_proj_", f"{part}_proj.")] = third
        elif name not in _FACTS:
            renamed[name] = tensor.T if name == "text_projection.weight" else tensor
    return renamed


def _read(weights: str) -> dict[str, Tensor]:
    try:
        return {n: t.float() for n, t in safetensors.torch.load_file(weights).items()}
    except (OSError, safetensors.SafetensorError) as error:
        raise UsageError(f"cannot read {weights}: {error}; {HOW}") from None
