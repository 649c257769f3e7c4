"""Inputs and outputs of an ONNX model as entries of a Triton configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

import onnxruntime as ort

DEFAULT_MAX_BATCH_SIZE = 4
"""Triton's own `default-max-batch-size`, for a configuration that leaves `max_batch_size` out."""

_TRITON_TYPES = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(string)": "TYPE_STRING",
}


def complete(
    config: Any,  # Triton's ModelConfig, which exists inside its stub alone
    inputs: Sequence[ort.NodeArg],
    outputs: Sequence[ort.NodeArg],
) -> None:
    """Add the missing inputs, outputs and batching to `config`, as the C++ backend does.

    A model batches where the first axis of every input and output varies.

    Raises:
        ValueError: `max_batch_size` is above 0 and the model does not batch.
    """
    described = config.as_dict()
    batched = all(dims(tensor)[:1] == [-1] for tensor in (*inputs, *outputs))
    max_batch_size = described["max_batch_size"]
    if batched and max_batch_size == 0:
        max_batch_size = DEFAULT_MAX_BATCH_SIZE
        config.set_max_batch_size(max_batch_size)
    if not batched and max_batch_size > 0:
        raise ValueError("max_batch_size is above 0, but the model's first axes do not vary")
    if max_batch_size > 1 and "sequence_batching" not in described:
        config.set_dynamic_batching()
    if not described["input"]:
        for tensor in inputs:
            config.add_input(entry(tensor, batched))
    if not described["output"]:
        for tensor in outputs:
            config.add_output(entry(tensor, batched))


def entry(tensor: ort.NodeArg, batched: bool) -> dict[str, Any]:
    """Name, type and dims of a tensor as a configuration lists them: without the batch axis."""
    shape = dims(tensor)[1 if batched else 0 :]
    if not shape:
        raise ValueError(f"'{tensor.name}' has no axis of its own: list it in config.pbtxt")
    return {"name": tensor.name, "data_type": triton_type(tensor), "dims": shape}


def check(config: Mapping[str, Any], kind: str, tensors: Sequence[ort.NodeArg]) -> None:
    """Compare the configuration's tensors of `kind` ("input", "output") with the model's.

    Raises:
        ValueError: one is listed that the model lacks or has with another type.
    """
    model = {tensor.name: triton_type(tensor) for tensor in tensors}
    for listed in config[kind]:
        name, data_type = listed["name"], listed["data_type"]
        if name not in model:
            raise ValueError(f"config.pbtxt lists {kind} '{name}'; the model has {list(model)}")
        if model[name] != data_type:
            raise ValueError(
                f"config.pbtxt says {data_type} for {kind} '{name}'; the model has {model[name]}"
            )


def dims(tensor: ort.NodeArg) -> list[int]:
    """Shape with -1 for every axis that varies."""
    return [size if isinstance(size, int) else -1 for size in tensor.shape]


def triton_type(tensor: ort.NodeArg) -> str:
    """Name of the element type in Triton."""
    if tensor.type not in _TRITON_TYPES:
        raise ValueError(f"'{tensor.name}' is a {tensor.type}, which Triton cannot carry")
    return _TRITON_TYPES[tensor.type]
