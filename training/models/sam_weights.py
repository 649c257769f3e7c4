"""Reads published weights into `Samed`: a SAM checkpoint of any image size, or SAMed's own files.

Both have the original's names (`sam_names.py`), as `.safetensors` or in torch's own format. A file
of SAMed holds adapters, prompt encoder and decoder: 179 tensors, 16.3 MB for ViT-B.
"""

import io
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import safetensors
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional

from fairness.atomic import write_atomically
from fairness.errors import DataError, UsageError
from training.models.sam_names import by_original_name, original_name
from training.models.samed import Samed

DROPPED = ("mask_tokens", "output_hypernetworks_mlps", "iou_prediction_head")
"""Parts of SAM that stay random, as in SAMed: they belong to SAM's masks, not to classes."""

_T = TypeVar("_T")

# What torch raises at damaged and at hostile files; it runs no code of theirs.
_DAMAGED = (
    *(RuntimeError, ValueError, TypeError, LookupError, AttributeError, EOFError),
    *(pickle.UnpicklingError, safetensors.SafetensorError),
)


def load_sam(model: Samed, path: Path) -> None:
    """Start from Segment Anything, in place; adapters and the parts in `DROPPED` stay as they are.

    Tables of positions of another image size, SAM's being 1024 pixels, are resized bilinearly.

    Raises:
        DataError: the file is unreadable, or lacks a tensor, has one of another shape or one that
            SAM of this size does not have; the message names file and tensor.
    """
    names = by_original_name(model.state_dict())
    wanted = {name: ours for name, ours in names.items() if not name.startswith("w_")}
    _fill(model, path, _resized(model, _kept(read_tensors(path))), _kept(wanted))


def load_lora(model: Samed, path: Path) -> None:
    """Take adapters, prompt encoder and decoder from a file of SAMed, in place.

    Raises:
        DataError: as `load_sam` does.
    """
    _fill(model, path, read_tensors(path), by_original_name(_adapted(model)))


def save_lora(model: Samed, path: Path) -> None:
    """Write a file of SAMed; its authors' code reads the format .pth.

    Raises:
        UsageError: the name ends in something other than .pth, .pt or .safetensors.
    """
    tensors = {
        original_name(name): tensor.cpu().contiguous() for name, tensor in _adapted(model).items()
    }
    if path.suffix == ".safetensors":
        write_atomically(path, safetensors.torch.save(tensors))
    elif path.suffix in (".pt", ".pth"):
        content = io.BytesIO()
        torch.save(tensors, content)
        write_atomically(path, content.getvalue())
    else:
        raise UsageError(f"{path}: adapters are written as .pth, .pt or .safetensors")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU; nothing in the file is executed.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            found: object = safetensors.torch.load(path.read_bytes())
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name a file of weights") from None
    except _DAMAGED as error:
        # torch's own text advises to load it unsafely.
        kind = type(error).__name__
        raise DataError(f"{path}: not readable as weights ({kind}); get it again") from None
    if not isinstance(found, dict) or not all(isinstance(item, Tensor) for item in found.values()):
        raise DataError(f"{path}: not a plain mapping of names to tensors; name a file of weights")
    return found


def _adapted(model: Samed) -> dict[str, Tensor]:
    """Tensors of a file of SAMed, by our names."""
    state: dict[str, Tensor] = model.state_dict()
    return {n: t for n, t in state.items() if not original_name(n).startswith("image_encoder.")}


def _kept(items: Mapping[str, _T]) -> dict[str, _T]:
    return {n: item for n, item in items.items() if not any(part in n for part in DROPPED)}


def _resized(model: Samed, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Fit tables of positions to the model's image; blocks with windows keep theirs.

    The original looks for the digits 2, 5, 8 and 11 anywhere in a name, which suits ViT-B alone.
    """
    side = model.grid.shape[0]
    blocks = "|".join(str(block) for block in model.config.global_blocks)
    relative = re.compile(rf"image_encoder\.blocks\.({blocks})\.attn\.rel_pos_[hw]")
    resized = dict(found)
    for name, table in found.items():
        if name == "image_encoder.pos_embed" and table.ndim == 4 and table.numel():
            channels_first = table.permute(0, 3, 1, 2)  # (1, D, n, n)
            resized[name] = _bilinear(channels_first, (side, side)).permute(0, 2, 3, 1)
        elif relative.fullmatch(name) and table.ndim == 2 and table.numel():
            rows = table[None, None]  # (1, 1, 2 n - 1, D of a head)
            resized[name] = _bilinear(rows, (2 * side - 1, table.shape[1]))[0, 0]
    return resized


def _bilinear(table: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(table.float(), size, mode="bilinear", align_corners=False)


def _fill(model: Samed, path: Path, found: Mapping[str, Tensor], wanted: Mapping[str, str]) -> None:
    """Copy tensors into the model, all or none; `wanted` maps their names to ours."""
    state = model.state_dict()
    for name in sorted(found.keys() ^ wanted.keys()):
        what = "lacks" if name in wanted else "has the unknown"
        raise DataError(f"{path} {what} tensor {name}; name weights of this architecture")
    for name, ours in wanted.items():
        shape, expected = tuple(found[name].shape), tuple(state[ours].shape)
        if shape != expected:
            raise DataError(
                f"{path}: {name} has shape {shape}, not {expected}; name weights of this "
                "architecture"
            )
    model.load_state_dict({ours: found[name] for name, ours in wanted.items()}, strict=False)
