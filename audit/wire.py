"""One batch on the wire: images into a request tensor, a response back into an array."""

import math

import numpy as np
from tritonclient.grpc import InferInput, InferResult

from fairness.arrays import Array, Image
from fairness.contract import ModelSpec
from fairness.errors import ServerError


def image_tensor(spec: ModelSpec, images: Image) -> InferInput:
    """The request tensor for (B, H, W) uint8 images, as raw bytes."""
    tensor = InferInput(spec.input, list(images.shape), "UINT8")
    tensor.set_data_from_numpy(images)
    return tensor


def read_output(result: InferResult, spec: ModelSpec, model: str) -> Array:
    """The (B, 1) float32 output of a response.

    Raises:
        ServerError: the output is absent, of another type, or its bytes do not fill its shape.
    """
    response = result.get_response()
    for output, raw in zip(response.outputs, response.raw_output_contents, strict=False):
        if output.name != spec.output:
            continue
        expected = 4 * math.prod(output.shape)
        if output.datatype != "FP32" or len(raw) != expected:
            raise ServerError(
                f"model '{model}': output '{spec.output}' came as {len(raw)} bytes of "
                f"{output.datatype} for shape {list(output.shape)}; an empty output means that "
                "the server's Python has numpy 2: install 'numpy<2' there and restart it"
            )
        return np.frombuffer(raw, dtype=np.float32).reshape(tuple(output.shape))
    raise ServerError(f"model '{model}' answered without its output '{spec.output}'; check its log")
