"""Checkpoints: a folder of two files that rebuilds its own model with no other input.

`model.safetensors` holds the parameters; `checkpoint.json` the architecture, how the model was made
and chosen, and the SHA-256 of the parameters, so that halves of two checkpoints cannot be mixed.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import safetensors.torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from fairness.atomic import write_atomically
from fairness.documents import parse_json
from fairness.errors import DataError, FairAuditError, UsageError
from fairness.first_fault import first_fault
from training.checkpoint_record import Record

T = TypeVar("T")
FORMAT = 2
WEIGHTS, DOCUMENT = "model.safetensors", "checkpoint.json"
PICKLE = "pytorch_model.bin"
"""What other programs call their weights."""


@dataclass(frozen=True, kw_only=True)
class _Document:
    format: int
    weights_sha256: str
    architecture: dict[str, object]
    record: Record


@dataclass(frozen=True)
class Stored:
    """Content of a checkpoint, from which `training.models` rebuilds the model of each method."""

    folder: Path
    architecture: dict[str, object]
    """Fields of the configuration that the model is built from."""
    tensors: dict[str, Tensor]
    """On the CPU."""
    record: Record

    def configuration(self, kind: type[T], model: str) -> T:
        """The architecture as the dataclass `kind` of a model with that name.

        Raises:
            DataError: a value is missing, unknown or impossible.
        """
        said = f"{self.folder} holds no {model} model"
        try:
            config = TypeAdapter(kind).validate_python(self.architecture)
        except ValidationError as error:
            raise DataError(f"{said}: {first_fault(error)}") from None
        except UsageError as error:
            raise DataError(f"{said}: {error}") from None
        if odd := self.architecture.keys() ^ vars(config).keys():
            raise DataError(f"{said}: check {', '.join(sorted(odd))}")
        return config

    @contextmanager
    def building(self, model: str) -> Iterator[None]:
        """For the block that builds a model of that name from the architecture.

        Raises:
            DataError: it cannot be built, e.g. since its heads do not divide its width.
        """
        try:
            yield
        except (FairAuditError, KeyboardInterrupt):
            raise
        except Exception as error:  # torch and transformers fail at odd sizes in many ways
            reason = f"{type(error).__name__}: {str(error)[:300]}"
            raise DataError(f"{self.folder} holds no {model} model: {reason}") from None

    def fill(self, model: nn.Module) -> None:
        """Put the tensors into `model` and switch it to evaluation.

        Raises:
            DataError: they do not fit in name, shape or type, or are not finite.
        """
        wanted, said = model.state_dict(), f"{self.folder / WEIGHTS} does not fit its architecture"
        for name in wanted.keys() & self.tensors.keys():
            tensor = self.tensors[name]
            if tensor.dtype != wanted[name].dtype:
                raise DataError(f"{said}: {name} is {tensor.dtype}, not {wanted[name].dtype}")
            if not tensor.isfinite().all():
                raise DataError(f"{self.folder / WEIGHTS}: {name} is not finite; train again")
        try:
            model.load_state_dict(self.tensors)
        except RuntimeError as error:
            raise DataError(f"{said}: {str(error)[:300]}") from None
        model.eval()


_ADAPTER = TypeAdapter(_Document)


def save(
    folder: Path,
    tensors: Mapping[str, Tensor],
    architecture: Mapping[str, object],
    record: Record,
) -> None:
    """Write a checkpoint into `folder`, made if absent; each file appears whole or not at all.

    Args:
        folder: e.g. `runs/fairclip/TIME/best`.
        tensors: the model's state dict.
        architecture: JSON-able fields from which the same model can be built.
        record: how it was made and chosen.
    """
    weights = safetensors.torch.save(
        {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    )
    document = _Document(
        format=FORMAT,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        architecture=dict(architecture),
        record=record,
    )
    write_atomically(folder / WEIGHTS, weights)
    write_atomically(folder / DOCUMENT, _ADAPTER.dump_json(document, indent=1) + b"\n")


def load(folder: Path) -> Stored:
    """Architecture, tensors and record of the checkpoint in `folder`.

    Raises:
        DataError: a file is missing, damaged, or belongs to another checkpoint.
    """
    document = _read_document(folder / DOCUMENT)
    weights = _read(folder / WEIGHTS)
    if hashlib.sha256(weights).hexdigest() != document.weights_sha256:
        raise DataError(
            f"{folder / WEIGHTS} does not belong to {folder / DOCUMENT}: damaged, or training was "
            "stopped while saving; continue the run with --resume, or copy it again"
        )
    try:
        tensors = safetensors.torch.load(weights)
    except (safetensors.SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise DataError(f"{folder / WEIGHTS}: no safetensors file ({error})") from None
    return Stored(folder, document.architecture, tensors, document.record)


def _read_document(path: Path) -> _Document:
    text = _read(path)
    try:
        found = parse_json(text).get("format")
        if found == FORMAT:
            return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise DataError(f"{path}: {first_fault(error)}; train again") from None
    except ValueError:
        raise DataError(f"{path}: not a checkpoint's JSON; copy it again, or train again") from None
    raise DataError(f"{path}: format {found}, this version reads {FORMAT}; train again")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if (path.parent / PICKLE).exists():
            raise DataError(
                f"{path.parent} holds a {PICKLE}, which could run code and is never read; name the "
                "folder of a checkpoint that training wrote"
            ) from None
        raise DataError(
            f"{path}: {error.strerror}; name the folder of a checkpoint that training wrote"
        ) from None
