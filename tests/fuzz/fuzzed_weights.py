"""Target of the fuzz: files of weights, damaged as a whole or in the pickle within."""

import io
import zipfile
from functools import cache
from pathlib import Path

import safetensors.torch
import torch
from odd_inputs import Rng, damaged_bytes, pick
from torch import nn

from training.models.weight_file import read_state


@cache
def whole_files() -> tuple[bytes, ...]:
    """An archive of TorchScript, a checkpoint of FairCLIP's layout, and safetensors."""
    scripted, saved = io.BytesIO(), io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))), scripted)
    tensors = {"a": torch.randn(3, 2).half(), "b": torch.zeros(2)}
    torch.save({"epoch": 1, "model_state_dict": tensors}, saved)
    return scripted.getvalue(), saved.getvalue(), safetensors.torch.save(tensors)


def with_odd_pickle(rng: Rng, content: bytes) -> bytes:
    """The same zip, all its checksums right, with another pickle."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            entry = old.read(name)
            new.writestr(name, damaged_bytes(rng, entry) if name.endswith("data.pkl") else entry)
    return changed.getvalue()


def weights(rng: Rng, folder: Path) -> None:
    content = pick(rng, whole_files())
    if rng.random() < 0.7 and content.startswith(b"PK"):
        content = with_odd_pickle(rng, content)
    elif rng.random() < 0.8:
        content = damaged_bytes(rng, content)
    (folder / "weights").write_bytes(content)
    read_state(folder / "weights")
