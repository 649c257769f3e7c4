"""OpenAI's names of CLIP's parameters, and the weights of its RN50.

open_clip's ViTs and the checkpoints of FairCLIP's authors have the same names.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CLIPTextModelWithProjection

from fairness.errors import UsageError
from training.models.weight_file import read_state

HOW = (
    "pass --weights RN50.pt, the file that OpenAI's clip.load('RN50') downloads, or its state dict"
)
TRANSPOSED = ("visual.proj", "text_projection")
"""Projections: theirs are (width, features), those of `transformers` (features, width)."""

_NAMES = (
    (r"^vision_model\.embeddings\.class_embedding$", "visual.class_embedding"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "visual.conv1."),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "visual.positional_embedding"),
    (r"^vision_model\.pre_layrnorm\.", "visual.ln_pre."),
    (r"^vision_model\.post_layernorm\.", "visual.ln_post."),
    (r"^visual_projection\.weight$", "visual.proj"),
    (r"^vision_model\.encoder\.layers\.", "visual.transformer.resblocks."),
    (r"^text_model\.embeddings\.token_embedding\.", "token_embedding."),
    (r"^text_model\.embeddings\.position_embedding\.weight$", "positional_embedding"),
    (r"^text_model\.final_layer_norm\.", "ln_final."),
    (r"^text_projection\.weight$", "text_projection"),
    (r"^text_model\.encoder\.layers\.", "transformer.resblocks."),
    (r"\.layer_norm(\d)\.", r".ln_\1."),
    (r"\.self_attn\.[qkv]_proj\.", ".attn.in_proj_"),  # query, key and value in one
    (r"\.self_attn\.", ".attn."),
    (r"\.mlp\.fc1\.", ".mlp.c_fc."),
    (r"\.mlp\.fc2\.", ".mlp.c_proj."),
)
_NO_PARAMETERS = re.compile(
    r"input_resolution|context_length|vocab_size|(.*\.)?attn_mask|.*\.position_ids"
)
"""Facts and constants that lie beside the parameters."""


def openai_name(name: str) -> str:
    """OpenAI's name of a parameter that `transformers` calls `name`."""
    for pattern, theirs in _NAMES:
        name = re.sub(pattern, theirs, name)
    return name


def misfit(
    target: Mapping[str, Tensor], found: Mapping[str, Tensor], name_of: Callable[[str], str]
) -> str | None:
    """The first way in which tensors do not fit a network, naming it as the file does.

    Args:
        target: the network's tensors by our names; they may be on the meta device.
        found: those of a file by theirs.
        name_of: their name of one of ours; several of ours may be parts of one of theirs.

    Returns:
        None where names, shapes and kinds of numbers fit.
    """
    for theirs, parts in _grouped(target, name_of).items():
        if theirs not in found:
            return f"lacks {theirs}"
        shape = list(target[parts[0]].shape)
        if len(parts) > 1:
            shape[0] = sum(target[part].shape[0] for part in parts)
        shape = shape[::-1] if theirs in TRANSPOSED else shape
        if found[theirs].shape != torch.Size(shape):
            return f"has {theirs} of shape {tuple(found[theirs].shape)}, not {tuple(shape)}"
        if not found[theirs].is_floating_point() and target[parts[0]].is_floating_point():
            return f"has {theirs} in {found[theirs].dtype}"
    unknown = found.keys() - _grouped(target, name_of).keys()
    odd = sorted(name for name in unknown if not _NO_PARAMETERS.fullmatch(name))
    return f"has the unknown {odd[0]}" if odd else None


def fill(
    target: Mapping[str, Tensor], found: Mapping[str, Tensor], name_of: Callable[[str], str]
) -> None:
    """Copy tensors that fit (`misfit`) into a network's own, in place.

    Raises:
        ValueError: a number is not finite; names the tensor.
    """
    for theirs, parts in _grouped(target, name_of).items():
        tensor = found[theirs].T if theirs in TRANSPOSED else found[theirs]
        pieces = tensor.chunk(len(parts)) if len(parts) > 1 else (tensor,)
        with torch.no_grad():
            for part, piece in zip(parts, pieces, strict=True):
                target[part].copy_(piece)
                if not target[part].isfinite().all():
                    raise ValueError(f"has {theirs}, which is not finite")


def load_openai(
    weights: str, visual: nn.Module, text: CLIPTextModelWithProjection, logit_scale: nn.Parameter
) -> None:
    """Read a file of RN50's parameters into two towers and the logit scale.

    Raises:
        UsageError: the file is missing, unreadable, or of another architecture.
    """
    target = {f"visual.{name}": tensor for name, tensor in visual.state_dict().items()}
    target |= text.state_dict() | {"logit_scale": logit_scale}
    try:
        found = read_state(Path(weights))
    except UsageError as error:
        raise UsageError(f"{error}; {HOW}") from None
    try:
        reason = misfit(target, found, openai_name)
        if reason is None:
            fill(target, found, openai_name)
    except ValueError as error:
        reason = str(error)
    if reason is not None:
        raise UsageError(f"{weights} is not CLIP's RN50: it {reason}; {HOW}")


def _grouped(target: Mapping[str, Tensor], name_of: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(target, key=_place):
        groups.setdefault(name_of(name), []).append(name)
    return groups


def _place(name: str) -> int:
    """Order of query, key and value within OpenAI's one tensor."""
    part = re.search(r"\.self_attn\.([qkv])_proj\.", name)
    return "qkv".index(part[1]) if part else 0
