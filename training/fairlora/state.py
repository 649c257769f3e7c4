"""What a federated run leaves behind after each round, so that a restarted server goes on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors
import safetensors.numpy

from fairness.atomic import replace
from fairness.errors import DataError, UsageError
from training.fairlora.aggregation import Tensors

STATE = "state.safetensors"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run has come."""

    done: int = 0
    """Finished rounds."""
    judged: int = 0
    """The last round whose model the sites have judged; they do it in the round that follows."""
    best_round: int = 0
    """The one with the highest pooled validation AUC so far; 0 before the first."""
    best_auc: float = -1.0


def save_state(
    folder: Path, tensors: Tensors, progress: Progress, identity: dict[str, str]
) -> None:
    """Write the global tensors and the progress into `folder`, in one piece."""
    said = json.dumps({"progress": asdict(progress), "identity": identity})
    replace(folder / STATE, safetensors.numpy.save(tensors, metadata={"run": said}))


def load_state(folder: Path, identity: dict[str, str]) -> tuple[Tensors, Progress] | None:
    """What `save_state` wrote; None if there is nothing.

    Raises:
        UsageError: the run was started with other settings or data.
        DataError: the state is damaged.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        with safetensors.safe_open(path, framework="np") as file:
            said = json.loads(file.metadata()["run"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        found, progress = said["identity"], Progress(**said["progress"])
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError):
        raise DataError(
            f"{path}: damaged; remove it to start this run again, or train into another --out"
        ) from None
    for name, value in identity.items():
        if found.get(name) != value:
            raise UsageError(
                f"{path}: the run was started with {name} {found.get(name)}, not {value}; "
                "continue it unchanged, or train into another --out"
            )
    return tensors, progress
