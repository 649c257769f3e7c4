"""The lines of a drafted `model.yaml` that say what a model takes beside the image."""

import json
from collections.abc import Sequence
from typing import Any

from audit.client.further_inputs import TYPES
from fairness.errors import UsageError
from fairness.foreign.model_yaml import GUESS


def further_lines(tensors: Sequence[Any], batched: bool) -> list[str]:
    """The lines of `inputs:`, each to be filled in; none where there is no further input.

    Args:
        tensors: further inputs, as the server says.
        batched: whether images go with an axis of batches.

    Raises:
        UsageError: one is of a type that is not sent.
    """
    lines = ["", "inputs:  # beside the image; fill in the column, or constant: and a number"]
    for tensor in tensors:
        if tensor.datatype not in TYPES:
            raise UsageError(
                f"input '{tensor.name[:100]}' is {tensor.datatype[:20]}; fair-audit sends "
                f"{', '.join(TYPES)}"
            )
        dims = list(tensor.shape)
        inner = dims[1:] if batched and dims and dims[0] in (-1, 1) else dims
        shape = f"{inner}  # one sample's"
        if min(inner, default=1) < 0:
            shape = (
                f" # {GUESS}: to be filled in: that of one sample, where the server says {inner}"
            )
        lines += [
            f"  {json.dumps(tensor.name)}:",
            f"    column:  # {GUESS}: to be filled in: column: NAME, or constant: NUMBER instead",
            f"    dtype: {tensor.datatype.lower()}  # as the server says",
            f"    shape: {shape}",
        ]
    return lines if tensors else []
