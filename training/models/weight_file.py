"""Reads tensors from a file of weights by what is in it; nothing in it is executed.

Taken are safetensors, torch's own format (`torch.save`) and archives of TorchScript.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from fairness.errors import UsageError
from training.models.torchscript import is_torchscript, read_torchscript

NESTED = ("model_state_dict", "state_dict", "model")
"""Where checkpoints keep the parameters: FairCLIP's, open_clip's and LAVIS's."""
PARALLEL = "module."
"""Begins all names where several GPUs trained."""


def read_state(path: Path) -> dict[str, Tensor]:
    """The parameters in a file, by name, on the CPU.

    Of a checkpoint those of its model.

    Raises:
        UsageError: the file is missing, damaged or hostile, or holds something else; names it.
    """
    try:
        found = _read(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; name a file of weights") from None
    except Exception as error:  # damaged and hostile files fail in many ways; none runs their code
        # torch's own text advises to load the file unsafely.
        reason = str(error) if type(error) is ValueError else type(error).__name__
        raise UsageError(f"{path}: not readable as weights ({reason}); get it again") from None
    return _parameters(path, found)


def _read(path: Path) -> object:
    with path.open("rb") as file:
        start = file.read(9)
    if start.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            scripted = is_torchscript(archive)
            _require_plain(archive, path.stat().st_size, stored=not scripted)
        if scripted:
            return read_torchscript(path)
    elif start[8:] == b"{":  # the length of a header of JSON, and the header
        return safetensors.torch.load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _require_plain(archive: zipfile.ZipFile, size: int, stored: bool) -> None:
    """Refuse a zip that would unfold into more than it weighs."""
    entries = archive.infolist()
    if sum(entry.compress_size for entry in entries) > size:
        raise ValueError("a zip whose entries overlap, which torch never writes")
    if stored and any(entry.file_size != entry.compress_size for entry in entries):
        raise ValueError("a zip whose entries are compressed, which torch never writes")


def _parameters(path: Path, found: object) -> dict[str, Tensor]:
    if isinstance(found, Mapping):
        for key in NESTED:
            if isinstance(found.get(key), Mapping):
                found = found[key]
                break
    if not isinstance(found, Mapping) or not found:
        raise UsageError(f"{path}: holds no tensors by name; name a file of weights")
    for name, tensor in found.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise UsageError(
                f"{path}: '{name}' is no tensor; name a state dict, or a checkpoint that has one "
                f"as {' or '.join(NESTED)}"
            )
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise UsageError(f"{path}: {name} is no plain tensor; save the weights in float32")
    if all(name.startswith(PARALLEL) for name in found):
        return {name.removeprefix(PARALLEL): tensor for name, tensor in found.items()}
    return dict(found)
