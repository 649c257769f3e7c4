"""Ways of asking a model that takes the group as an input: recorded, withheld, as every group.

What changes in an answer with the group alone is unfair in the plainest sense (counterfactual).
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN
from fairness.contract import GroupInput
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.samples import Batch

Way: TypeAlias = Callable[[Batch], IntArray | None]
"""The group codes (B,) to send with a batch; None where the model takes none."""

RECORDED = "recorded"
WITHHELD = "withheld"


def as_group(group: str) -> str:
    """Name of the way that asks as if every sample belonged to a group."""
    return f"as {group}"


def ways_of(takes: GroupInput | None) -> dict[str, Way]:
    """Every way in which a model is asked about a batch, by name; the recorded group first."""
    if takes is None:
        return {RECORDED: lambda batch: None}
    ways: dict[str, Way] = {
        RECORDED: lambda batch: batch.attributes[takes.attribute],
        WITHHELD: _same(UNKNOWN),
    }
    return ways | {as_group(group): _same(code) for code, group in enumerate(takes.groups)}


def _same(code: int) -> Way:
    """Send one group code for every sample."""
    return lambda batch: np.full(len(batch), code, dtype=np.int64)


def check_groups(takes: GroupInput | None, split: Split) -> None:
    """Refuse data whose groups are not those that the model takes as an input.

    Raises:
        DataError: the attribute is absent, or has other groups.
    """
    if takes is None:
        return
    found = {a.name: a.groups for a in split.attributes}.get(takes.attribute)
    if found != takes.groups:
        raise DataError(
            f"{split.root}: {takes.attribute} has the groups {found}, the model was trained for "
            f"{takes.groups}; audit it on data that are coded as its training data"
        )
