"""State of a run after each epoch, from which `--resume` goes on as if never stopped."""

import io
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from pydantic import NonNegativeInt, TypeAdapter
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from fairness.atomic import write_atomically
from fairness.errors import DataError, UsageError
from training.settings import Settings

STATE = "state.pt"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Finished epochs of a run, and the best of them."""

    epochs: NonNegativeInt = 0
    """Number of finished epochs."""
    best_epoch: NonNegativeInt = 0
    """Epoch that was best on validation so far; 0 before the first."""
    best: float = -1.0
    """Validation AUC or Dice coefficient of that epoch."""


Identity = dict[str, str]
"""The settings and data that must stay the same while a run is continued, by name."""


def identity_of(config: Settings, free: Collection[str]) -> Identity:
    """The settings that must stay the same: all but those named in `free`."""
    return {name: str(value) for name, value in asdict(config).items() if name not in free}


def save_state(
    folder: Path,
    model: nn.Module,
    optimizer: Optimizer,
    progress: Progress,
    identity: Identity,
    scaler: GradScaler | None = None,
) -> None:
    """Write the state into `folder`, made if absent, in one piece."""
    content = io.BytesIO()
    state = {
        "identity": identity,
        "progress": asdict(progress),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    if scaler and scaler.is_enabled():
        state["scaler"] = scaler.state_dict()
    torch.save(state, content)
    write_atomically(folder / STATE, content.getvalue())


def load_state(
    folder: Path,
    model: nn.Module,
    optimizer: Optimizer,
    identity: Identity,
    scaler: GradScaler | None = None,
) -> Progress:
    """Put the state of `folder` back into what trains; without one, start from nothing.

    Raises:
        UsageError: the run was started with other settings or data.
        DataError: the state is damaged.
    """
    path = folder / STATE
    if not path.exists():
        return Progress()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = {str(name): str(value) for name, value in state["identity"].items()}
        progress = TypeAdapter(Progress).validate_python(state["progress"])
    except Exception as error:  # torch fails at damaged and at hostile files in many ways
        raise _damaged(path, error) from None
    check_identity(path, found, identity)
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        if scaler and scaler.is_enabled():
            scaler.load_state_dict(state["scaler"])
    except Exception as error:  # torch fails at odd files in many ways
        raise _damaged(path, error) from None
    return progress


def _damaged(path: Path, error: Exception) -> DataError:
    kind = error.strerror if isinstance(error, OSError) else type(error).__name__
    return DataError(
        f"{path}: damaged ({kind}); remove it to start this run again, or train into another --out"
    )


def check_identity(path: Path, found: Identity, wanted: Identity) -> None:
    """Compare the settings and data of the state at `path` with those of this call.

    Raises:
        UsageError: they differ.
    """
    for name, value in wanted.items():
        if found.get(name) != value:
            raise UsageError(
                f"{path}: the run was started with {name} {found.get(name)}, not {value}; "
                "continue it unchanged, or train into another --out"
            )
