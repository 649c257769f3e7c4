"""One batch on the wire: images and groups into request tensors, a response back into an array."""

import math

import numpy as np
from tritonclient.grpc import InferInput, InferResult

from fairness.arrays import Array, Image, IntArray
from fairness.attributes import UNKNOWN
from fairness.contract import ModelSpec
from fairness.errors import DataError, ServerError

TYPES = {"classification": "FP32", "segmentation": "UINT8"}
"""Task to what the model answers, by Triton's names."""


def request_tensors(spec: ModelSpec, images: Image, groups: IntArray | None) -> list[InferInput]:
    """The request tensors for uint8 images (B, ...), and groups (B,) where the model takes them.

    Raises:
        DataError: the images are not of the model's shape, or a group is none of its groups.
    """
    if spec.image_shape is not None and images.shape[1:] != spec.image_shape:
        raise DataError(
            f"images of shape {images.shape[1:]}, where the model takes {spec.image_shape} only; "
            "audit the data that it was exported for, or export it for these"
        )
    image = InferInput(spec.input, list(images.shape), "UINT8")
    image.set_data_from_numpy(images)
    if spec.group_input is None or groups is None:
        return [image]
    strange = groups[(groups < UNKNOWN) | (groups >= len(spec.group_input.groups))]
    if strange.size:
        raise DataError(
            f"group {strange[0]} of {spec.group_input.attribute}, where the model knows "
            f"{len(spec.group_input.groups)}; the data are coded differently"
        )
    group = InferInput(spec.group_input.name, [len(groups), 1], "INT64")
    group.set_data_from_numpy(groups.astype(np.int64)[:, None])
    return [image, group]


def read_output(result: InferResult, spec: ModelSpec, model: str) -> Array:
    """The output of a response: (B, 1) float32, or (B, H, W) uint8 classes.

    Raises:
        ServerError: the output is absent, of another type, or its bytes do not fill its shape.
    """
    datatype = TYPES[spec.task]
    dtype = np.dtype(np.float32 if datatype == "FP32" else np.uint8)
    response = result.get_response()
    for output, raw in zip(response.outputs, response.raw_output_contents, strict=False):
        if output.name != spec.output:
            continue
        expected = dtype.itemsize * math.prod(output.shape)
        if output.datatype != datatype or len(raw) != expected:
            raise ServerError(
                f"model '{model}': output '{spec.output}' came as {len(raw)} bytes of "
                f"{output.datatype} for shape {list(output.shape)}; an empty output means that "
                "the server's Python has numpy 2: install 'numpy<2' there and restart it"
            )
        answer: Array = np.frombuffer(raw, dtype=dtype).reshape(tuple(output.shape))
        return answer
    raise ServerError(f"model '{model}' answered without its output '{spec.output}'; check its log")
