"""Checkpoints: a folder of two files that rebuilds its own model with no other input.

`model.safetensors` holds the parameters; `checkpoint.json` the architecture, how the model was made
and chosen, and the SHA-256 of the parameters, so that halves of two checkpoints cannot be mixed.
"""

import hashlib
import json
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import safetensors.torch
from pydantic import TypeAdapter, ValidationError
from transformers import CLIPConfig, CLIPModel

from fairness.contract import Threshold
from fairness.datasets.atomic import replace
from fairness.errors import DataError
from training.models.clip import Clip
from training.models.prompts import PROMPTS

FORMAT = 1
WEIGHTS, DOCUMENT = "model.safetensors", "checkpoint.json"


def versions() -> dict[str, str]:
    """What the model is made with: the versions of Python and of the libraries that matter."""
    libraries = ("torch", "transformers", "numpy", "fair-audit-triton")
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


@dataclass(frozen=True, kw_only=True)
class SelectedOn:
    """How the epoch was chosen: never on the test split."""

    split: str
    epoch: int
    """From 1 on."""
    auc: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """How a model was made and chosen."""

    preset: str
    threshold: Threshold
    method: str = "fairclip"
    fair_mode: str = "paper"
    dataset: str = "fairvlmed"
    """Name of the reader."""
    data: str | None = None
    """What the data say of themselves, where they are synthetic."""
    target: str = "glaucoma"
    """The 0/1 key that the score predicts."""
    attribute: str = "race"
    """Whose groups the fair term compares."""
    text_source: str = "note"
    prompts: tuple[str, str] = PROMPTS
    """Of the negative and the positive class."""
    class_names: tuple[str, str] = ("non-glaucoma", "glaucoma")
    config: dict[str, object] = field(default_factory=dict)
    """Every setting of the run."""
    selected_on: SelectedOn | None = None
    seed: int = 0
    environment: dict[str, str] = field(default_factory=versions)


@dataclass(frozen=True, kw_only=True)
class _Document:
    format: int
    weights_sha256: str
    architecture: dict[str, object]
    """A `transformers.CLIPConfig`."""
    record: Record


_ADAPTER = TypeAdapter(_Document)


def save(folder: Path, model: Clip, record: Record) -> None:
    """Write a checkpoint into `folder`, made if absent; each file appears whole or not at all."""
    weights = safetensors.torch.save(
        {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}
    )
    document = _Document(
        format=FORMAT,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        architecture=model.towers.config.to_dict(),
        record=record,
    )
    replace(folder / WEIGHTS, weights)
    replace(folder / DOCUMENT, _ADAPTER.dump_json(document, indent=1) + b"\n")


def load(folder: Path) -> tuple[Clip, Record]:
    """The model, on the CPU, and its record.

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
    model = Clip(CLIPModel(CLIPConfig.from_dict(document.architecture)))
    try:
        model.load_state_dict(safetensors.torch.load(weights))
    except (RuntimeError, safetensors.SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{folder / WEIGHTS} does not fit its architecture: {reason}") from None
    return model.eval(), document.record


def _read_document(path: Path) -> _Document:
    text = _read(path)
    try:
        found = json.loads(text).get("format")
        if found == FORMAT:
            return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: {where}: {first['msg']}; train again") from None
    except (ValueError, AttributeError):
        raise DataError(f"{path}: not a checkpoint's JSON; copy it again, or train again") from None
    raise DataError(f"{path}: format {found}, this version reads {FORMAT}; train again")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: {error.strerror}; name a folder that python -m training.fairclip wrote"
        ) from None
