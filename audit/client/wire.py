"""One batch on the wire: images and groups into named tensors, an output back into an array."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairness.arrays import Array, Image, IntArray
from fairness.attributes import UNKNOWN
from fairness.contract import ModelSpec
from fairness.errors import DataError, ServerError
from fairness.tasks.catalogue import TASKS

DTYPES: dict[str, np.dtype[Any]] = {
    **{f"FP{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
    **{f"INT{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    "UINT8": np.dtype(np.uint8),
}
"""Types of an output, by the protocol's names."""

MOST_AXES = 4
"""Of an output."""


@dataclass(frozen=True)
class Output:
    """An output as it came: its type by the protocol's name, its shape, its bytes."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    raw: bytes


def input_tensors(spec: ModelSpec, images: Image, groups: IntArray | None) -> dict[str, Array]:
    """Input name to array: uint8 images (B, ...), and groups (B, 1) where the model takes them.

    Raises:
        DataError: the images are not of the model's shape, or a group is none of its groups.
    """
    if spec.image_shape is not None and images.shape[1:] != spec.image_shape:
        raise DataError(
            f"images of shape {images.shape[1:]}, where the model takes {spec.image_shape} only; "
            "audit the data that it was exported for, or export it for these"
        )
    if spec.group_input is None or groups is None:
        return {spec.input: images}
    strange = groups[(groups < UNKNOWN) | (groups >= len(spec.group_input.groups))]
    if strange.size:
        raise DataError(
            f"group {strange[0]} of {spec.group_input.attribute}, where the model knows "
            f"{len(spec.group_input.groups)}; the data are coded differently"
        )
    return {spec.input: images, spec.group_input.name: groups.astype(np.int64)[:, None]}


def read_output(outputs: list[Output], spec: ModelSpec, model: str) -> Array:
    """The output of a response: (B, 1) float32, or (B, H, W) uint8 classes.

    Raises:
        ServerError: the output is absent, of another type, or its bytes do not fill its shape.
    """
    return array_of(outputs, spec.output, TASKS[spec.task].datatype, model)


def array_of(outputs: list[Output], name: str, datatype: str, model: str) -> Array:
    """The output of that name and type as an array; errors as `read_output`."""
    for output in outputs:
        if output.name != name:
            continue
        expected = DTYPES[datatype].itemsize * math.prod(output.shape[: MOST_AXES + 1])
        odd = len(output.shape) > MOST_AXES or min(output.shape, default=0) < 0
        if output.datatype != datatype or len(output.raw) != expected or odd:
            raise ServerError(
                f"model '{model}': output '{name}' came as {len(output.raw)} bytes of "
                f"{output.datatype} for shape {list(output.shape[:9])}; an empty output means that "
                "the server's Python has numpy 2: install 'numpy<2' there and restart it"
            )
        answer: Array = np.frombuffer(output.raw, dtype=DTYPES[datatype]).reshape(output.shape)
        return answer
    raise ServerError(f"model '{model}' answered without its output '{name}'; check its log")
