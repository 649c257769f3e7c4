"""Tensors of tritonclient, for the clients that use it."""

import tritonclient.grpc as triton

from benchmarks.clients.task import Array

INPUT, OUTPUT = "image", "probability"
"""Of the models of this benchmark."""


def input_of(images: Array) -> triton.InferInput:
    """A batch as bytes."""
    tensor = triton.InferInput(INPUT, list(images.shape), "UINT8")
    tensor.set_data_from_numpy(images)
    return tensor


def outputs() -> list[triton.InferRequestedOutput]:
    """What is asked for."""
    return [triton.InferRequestedOutput(OUTPUT)]
