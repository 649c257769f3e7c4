"""FedOTP's local prompts, which never leave their site (Li et al., CVPR 2024).

They are stored after every round in which the site trained, so that a
client that was started anew, or a resumed run, finds those that belong to its round.
"""

from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from fairness.atomic import write_atomically
from fairness.errors import DataError

PROMPTS = "prompts.ctx"
SHARED = 1
"""Prompts 0..SHARED-1 are shared by all sites, the rest are local."""


def shared_part(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The exchanged part of a model's tensors."""
    return {**state, PROMPTS: state[PROMPTS][:SHARED]}


def with_local(shared: dict[str, Tensor], own: Tensor) -> dict[str, Tensor]:
    """A model's tensors from the exchanged part and a site's own prompts (N - SHARED, L, W)."""
    return {**shared, PROMPTS: torch.cat([shared[PROMPTS], own.to(shared[PROMPTS])])}


def local_part(state: dict[str, Tensor]) -> Tensor:
    """A site's own prompts among a model's tensors."""
    return state[PROMPTS][SHARED:]


def keep_local(folder: Path, done: int, own: Tensor) -> None:
    """Store a site's own prompts after round `done`."""
    content = safetensors.torch.save({PROMPTS: own.detach().cpu().contiguous()})
    write_atomically(folder / f"{done:04d}.safetensors", content)


def find_local(folder: Path, done: int) -> Tensor | None:
    """A site's own prompts as they were after round `done`; None if it has not trained by then.

    Raises:
        DataError: the file is damaged.
    """
    files = [f for f in sorted(folder.glob("*.safetensors")) if int(f.stem) <= done]
    if not files:
        return None
    try:
        return safetensors.torch.load_file(files[-1])[PROMPTS]
    except (OSError, KeyError, safetensors.SafetensorError):
        raise DataError(f"{files[-1]}: damaged; remove it to go on from the round before") from None
