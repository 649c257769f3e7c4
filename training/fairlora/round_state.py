"""State of a federated run after each round, from which a restarted server goes on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors
import safetensors.numpy

from fairness.atomic import write_atomically
from fairness.errors import DataError
from training.fairlora.aggregation import Tensors
from training.resume import Identity, check_identity

STATE = "state.safetensors"


@dataclass(frozen=True, kw_only=True)
class RoundProgress:
    """Finished rounds of a run, and the best of them."""

    done: int = 0
    """Number of finished rounds."""
    judged: int = 0
    """The last round whose model the sites have scored; they do so in the round that follows."""
    best_round: int = 0
    """Round with the highest pooled validation AUC so far; 0 before the first."""
    best_auc: float = -1.0
    best_low: float = 0.0
    """Lower limit of that AUC, as the best of all rounds (`training/learned.py`)."""
    best_high: float = 1.0


def save_state(folder: Path, tensors: Tensors, progress: RoundProgress, identity: Identity) -> None:
    """Write the global tensors and the progress into `folder`, in one piece."""
    said = json.dumps({"progress": asdict(progress), "identity": identity})
    write_atomically(folder / STATE, safetensors.numpy.save(tensors, metadata={"run": said}))


def load_state(folder: Path, identity: Identity) -> tuple[Tensors, RoundProgress] | None:
    """Tensors and progress that `save_state` wrote; None if there are none.

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
        found, progress = said["identity"], RoundProgress(**said["progress"])
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError):
        raise DataError(
            f"{path}: damaged; remove it to start this run again, or train into another --out"
        ) from None
    check_identity(path, found, identity)
    return tensors, progress
