"""Batches of requests: group them, join their arrays, cut the outputs apart."""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
Arrays = Mapping[str, Array]


def runs(inputs: Sequence[Arrays], outputs: Sequence[tuple[str, ...]]) -> list[list[int]]:
    """Groups of requests, by index, that can run as one batch.

    Args:
        inputs: the arrays of each request, (B, ...) with any B.
        outputs: the output names that each request asks for.
    """
    groups: dict[Hashable, list[int]] = {}
    for index, (arrays, names) in enumerate(zip(inputs, outputs, strict=True)):
        shapes = tuple((name, array.dtype.str, array.shape[1:]) for name, array in arrays.items())
        groups.setdefault((names, shapes), []).append(index)
    return list(groups.values())


def join(inputs: Sequence[Arrays]) -> Arrays:
    """The arrays of several requests, one after the other on the batch axis."""
    if len(inputs) == 1:
        return inputs[0]  # the usual case, without a copy
    return {name: np.concatenate([arrays[name] for arrays in inputs]) for name in inputs[0]}


def cut(output: Array, sizes: Sequence[int], name: str) -> list[Array]:
    """`output` (sum of sizes, ...) as one array for each request, in order.

    Raises:
        ValueError: the first axis is not the batch.
    """
    if output.shape[:1] != (sum(sizes),):
        raise ValueError(
            f"output '{name}' has shape {output.shape} for a batch of {sum(sizes)}; its first axis "
            "must be the batch"
        )
    return np.split(output, np.cumsum(sizes)[:-1])
