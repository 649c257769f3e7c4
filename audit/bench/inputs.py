"""What a sweep sends: images of a split, or random ones that need no data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.audited_split import fits_when_read, opened_split
from audit.client.endpoint import ServedModel
from audit.client.exchange import tensors_of
from audit.client.further_inputs import TYPES
from audit.client.transport import Request
from audit.options import Options
from fairness.arrays import Array
from fairness.clip_tokens import clip_tokens
from fairness.datasets.stream import batches
from fairness.errors import DataError, UsageError
from fairness.group_input import RECORDED, ways_of
from fairness.samples import cut

DISTINCT = 4
"""Requests of each size, sent in turn."""

TIMEOUT = 300.0
"""Seconds that one request may take."""

MOST_BYTES = 2**31 - 2**20
"""Of a request: what gRPC carries, and room for its frame."""

SEED = 0


@dataclass(frozen=True)
class Sending:
    """Requests of one size, and the images (B, H, W, ...) of each, as stored, for their shape."""

    requests: list[Request]
    images: Array


def of_split(options: Options, model: ServedModel, rows: int) -> Sending:
    """Requests of the first images of a split, each as an audit would send it.

    Args:
        options: name the data.
        model: that is asked.
        rows: images of each request.

    Raises:
        UsageError: a flag does not fit the data.
        DataError: the data cannot be read, or have too few images of one shape.
    """
    split = opened_split(options, model)
    full = [part for part in cut(split.shapes, rows) if len(part) == rows]
    if not full:
        raise DataError(
            f"{split.root}: fewer than {rows} images of one shape in the {split.split} split; give "
            "a smaller --batch, or --synthetic-input"
        )
    same = [part for part in full if split.shapes[part[0]] == split.shapes[full[0][0]]]
    read = list(batches(split, same[:DISTINCT]))
    fitted = fits_when_read(options, model)
    way = ways_of(model.spec.group_input)[RECORDED]
    requests = [
        request_of(model, tensors_of(model, one.images, way(one), one.inputs, fitted=fitted))
        for one in read
    ]
    return Sending(requests, read[0].images)


def synthetic(model: ServedModel, metadata: Any, rows: int, shape: Sequence[int]) -> Sending:
    """Requests of random numbers.

    Args:
        model: that is asked.
        metadata: what the server says of its tensors.
        rows: images of each request.
        shape: of one image, where the model leaves it open; empty where it does not.

    Raises:
        UsageError: the shape is open and not given, or given and another; or a tensor cannot be
            made.
    """
    if not metadata.inputs:
        raise UsageError(
            f"model '{model.name}': the server names no tensors, so none can be made up; give "
            "--data"
        )
    rng, images = np.random.default_rng(SEED), [rows]
    tensors = {tensor.name: tensor for tensor in metadata.inputs}
    made = []
    for _ in range(DISTINCT):
        sent = {}
        for name, tensor in tensors.items():
            batched = name in model.by_row
            dims = [int(axis) for axis in tensor.shape][1 if batched else 0 :]
            if name == model.spec.input:
                dims = closed(model, dims, shape)
                images = [rows, *stored_shape(model, dims)]
            sent[name] = tensor_of(model, tensor, ([rows] if batched else []) + dims, rng)
        made.append(request_of(model, sent))
    return Sending(made, np.broadcast_to(np.uint8(0), images))


def closed(model: ServedModel, dims: Sequence[int], shape: Sequence[int]) -> list[int]:
    """The shape of one image: as the model has it, its open axes as given."""
    fixed = model.spec.image_shape
    dims = list(dims) if fixed is None else list(fixed)
    if -1 not in dims and not shape:
        return dims
    fits = len(shape) == len(dims) and all(
        axis in (-1, size) for axis, size in zip(dims, shape, strict=False)
    )
    if not fits:
        told = ",".join("?" if axis < 0 else str(axis) for axis in dims)
        raise UsageError(f"--shape: images of model '{model.name}' are {told}; give it so")
    return list(shape)


def stored_shape(model: ServedModel, dims: Sequence[int]) -> list[int]:
    """Of an image that becomes a tensor of this shape: of a described one, its height and width."""
    if model.foreign is None:
        return list(dims)
    layout = model.foreign.layout.removeprefix("N")
    return [dims[layout.index(axis)] for axis in "HW"]


def tensor_of(
    model: ServedModel, tensor: Any, shape: Sequence[int], rng: np.random.Generator
) -> Array:
    """Random numbers of a tensor's type; of groups and notes such as the model knows."""
    spec, sizes = model.spec, [1 if axis < 0 else axis for axis in shape]
    if tensor.datatype not in TYPES:
        raise UsageError(
            f"model '{model.name}' takes '{tensor.name[:100]}' of type {tensor.datatype[:20]}, "
            "which cannot be made up; give --data"
        )
    dtype = TYPES[tensor.datatype]
    if math.prod(sizes) * dtype.itemsize > MOST_BYTES:
        raise UsageError(
            f"a request of shape {list(sizes)} is larger than gRPC carries; give a smaller --batch "
            "or --shape"
        )
    if spec.group_input is not None and tensor.name == spec.group_input.name:
        return rng.integers(0, len(spec.group_input.groups), sizes).astype(dtype)
    if spec.text_input is not None and tensor.name == spec.text_input.name:
        return clip_tokens(["a synthetic note"] * sizes[0]).astype(dtype)
    if dtype == np.uint8:
        return rng.integers(0, 256, sizes, dtype=np.uint8)
    if np.issubdtype(dtype, np.floating):
        return rng.standard_normal(sizes, dtype=np.float32).astype(dtype)
    return rng.integers(0, 2, sizes).astype(dtype)


def request_of(model: ServedModel, tensors: dict[str, Array]) -> Request:
    """One request."""
    spec = model.spec
    return Request(model.name, model.version, tensors, spec.output, TIMEOUT, model.by_row)
