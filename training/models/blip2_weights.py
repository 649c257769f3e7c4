"""Weights that a BLIP-2 starts from: a file that LAVIS wrote, a CLIP's image tower, a BERT.

LAVIS saves what it trains; whether the frozen tower is in the file, and with how many blocks, is
read off the file. Nothing in a file is executed.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from fairness.errors import UsageError
from training.models.blip2 import Blip2
from training.models.clip_weights import load
from training.models.openai_clip import fill, misfit, openai_name
from training.models.weight_file import read_state

TOWER = "visual_encoder."
"""Begins LAVIS's names of the image tower."""
_LAVIS_NAMES = (
    (r"^embeddings\.", "Qformer.bert.embeddings."),
    (r"^qformer\.layernorm\.", "Qformer.bert.embeddings.LayerNorm."),
    (r"^qformer\.", "Qformer.bert."),
    (r"attention\.attention\.", "attention.self."),
    (r"^caption_transform\.0\.", "Qformer.cls.predictions.transform.dense."),
    (r"^caption_transform\.2\.", "Qformer.cls.predictions.transform.LayerNorm."),
    (r"^caption_bias$", "Qformer.cls.predictions.bias"),
    (r"^(vision|text)_projection\.", r"\1_proj."),
    (r"^match_head\.", "itm_head."),
    (r"^temperature$", "temp"),
)
_TIED = re.compile(r"Qformer\.cls\.predictions\.decoder\.(weight|bias)")
"""The word embeddings and the bias once more."""
_BERT_FILES = ("model.safetensors", "pytorch_model.bin")


def lavis_name(name: str) -> str:
    """LAVIS's name of a parameter of ours; query, key and value of the tower share one."""
    if name.startswith("vision."):
        theirs = openai_name("vision_model." + name.removeprefix("vision."))
        return TOWER + theirs.removeprefix("visual.")
    for pattern, replacement in _LAVIS_NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def blocks_in(state: Mapping[str, Tensor]) -> int:
    """Blocks of the image tower in the tensors of a LAVIS file; 0 where it has no tower."""
    pattern = re.compile(re.escape(TOWER) + r"transformer\.resblocks\.(\d+)\.")
    return max((int(found[1]) + 1 for name in state if (found := pattern.match(name))), default=0)


def fill_from_lavis(model: Blip2, state: Mapping[str, Tensor], path: Path) -> None:
    """Copy the tensors of a LAVIS file into a model of its number of blocks.

    Where the file has no tower, the model's own one stays.

    Raises:
        UsageError: they belong to another architecture, or one is not finite; names the file.
    """
    tower = any(name.startswith(TOWER) for name in state)
    target = {n: t for n, t in model.state_dict().items() if tower or not n.startswith("vision.")}
    found = {name: tensor for name, tensor in state.items() if not _TIED.fullmatch(name)}
    if reason := misfit(target, found, lavis_name):
        raise UsageError(
            f"{path} {reason}; name a BLIP-2 of LAVIS's first stage with CLIP ViT-L/14 as its "
            "tower, and the vocabulary it was trained with"
        )
    try:
        fill(target, found, lavis_name)
    except ValueError as error:
        raise UsageError(f"{path} {error}; get it again") from None


def fill_tower(model: Blip2, weights: str) -> None:
    """Copy the first blocks of a CLIP's image tower into a model.

    Args:
        model: of ViT-L/14's sizes.
        weights: a file, a folder, or a name on the Hugging Face hub.

    Raises:
        UsageError: nothing is there, or it is no CLIP ViT-L/14 of the model's activation.
    """
    found = load(weights, "vit-l14").vision_model
    if found.config.hidden_act != model.sizes.vision_act:
        raise UsageError(
            f"{weights} has the activation {found.config.hidden_act}, the model "
            f"{model.sizes.vision_act}; set --vision-act {found.config.hidden_act}"
        )
    state = found.state_dict()
    model.vision.load_state_dict({name: state[name] for name in model.vision.state_dict()})


def fill_from_bert(model: Blip2, folder: Path) -> None:
    """Start the Q-Former as LAVIS does: from a BERT, whose feed-forwards serve the queries, too.

    Cross-attention, queries, projections and [DEC] stay random.

    Raises:
        UsageError: there are no weights of BERT, or they are of another size.
    """
    paths = [folder / name for name in _BERT_FILES if (folder / name).is_file()]
    if not paths:
        raise UsageError(f"{folder} holds no {' or '.join(_BERT_FILES)}; name a folder of BERT")
    found = {_bert_plain(name): tensor for name, tensor in read_state(paths[0]).items()}
    for name, tensor in model.state_dict().items():
        if (theirs := _bert_name(name)) is None:
            continue
        if theirs not in found:
            raise UsageError(f"{paths[0]} lacks {theirs}; name the folder of bert-base-uncased")
        words = name in ("embeddings.word_embeddings.weight", "caption_bias")
        target = tensor[:-1] if words else tensor  # the last row is [DEC]
        if found[theirs].shape != target.shape or not found[theirs].isfinite().all():
            raise UsageError(
                f"{paths[0]} has {theirs} of shape {tuple(found[theirs].shape)}, not "
                f"{tuple(target.shape)}, or not finite; name the folder of bert-base-uncased"
            )
        with torch.no_grad():
            target.copy_(found[theirs])


def _bert_plain(name: str) -> str:
    """A name as newer files have it: older ones call a LayerNorm's parameters gamma and beta."""
    return re.sub(r"gamma$", "weight", re.sub(r"beta$", "bias", name.removeprefix("bert.")))


def _bert_name(name: str) -> str | None:
    """BERT's name of a parameter that it has; its text and our queries start alike."""
    theirs = lavis_name(name).replace("_query.", ".")
    if "crossattention" in theirs or not theirs.startswith("Qformer."):
        return None
    return theirs.removeprefix("Qformer.").removeprefix("bert.")
