"""Content of a finished run: logged scalars and the last state; equality to the last bit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

# tensorboard ships no types
from tensorboard.backend.event_processing import event_accumulator  # type: ignore[import-untyped]


def scalars(folder: Path) -> dict[str, list[Any]]:
    events = event_accumulator.EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {name: events.Scalars(name) for name in events.Tags()["scalars"]}


def state_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(folder / "last" / "state.pt", weights_only=True)
    return found


def assert_same(ours: object, theirs: object) -> None:
    """Equal to the last bit, however nested."""
    if isinstance(ours, torch.Tensor):
        assert torch.equal(ours, theirs)  # type: ignore[arg-type]  # then it is a tensor, too
    elif isinstance(ours, Mapping):
        assert isinstance(theirs, Mapping)
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            assert_same(value, theirs[key])
    else:
        assert ours == theirs
