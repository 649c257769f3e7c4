"""A request joined by hand is, byte for byte, the one that Triton's own client makes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc._utils import _get_inference_request
from tritonclient.grpc.service_pb2 import ModelInferRequest
from tritonclient.utils import np_to_triton_dtype

from audit.client.grpc_server import head_of
from audit.client.raw_request import joined, raw_request, varint
from audit.client.transport import Request
from fairness.arrays import Array


def triton_bytes(request: Request) -> bytes:
    """What tritonclient sends for the same request."""
    inputs = []
    for name, array in request.inputs.items():
        one = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
        one.set_data_from_numpy(array)
        inputs.append(one)
    outputs = [InferRequestedOutput(request.output)]
    of = (
        request.model,
        inputs,
        request.version,
        "",
        outputs,
        0,
        False,
        False,
        0,
        None,
        dict(request.parameters),
    )
    return bytes(_get_inference_request(*of).SerializeToString())


@pytest.mark.parametrize(
    "inputs",
    [
        {"image": np.arange(24, dtype=np.uint8).reshape(2, 3, 4)},
        {"image": np.zeros((2, 100, 90), np.uint8), "group": np.array([[-1], [2]])},
        {"image": np.arange(24, dtype=np.float32).reshape(4, 6).T},
        {"image": np.zeros((1, 3), np.float16), "flag": np.array([True, False])},
        {"image": np.zeros((0, 3), np.uint8)},
    ],
    ids=["one", "two", "transposed", "small types", "empty"],
)
def test_it_is_the_request_of_tritons_client(inputs: dict[str, Array]) -> None:
    request = Request("m", "7", inputs, "probability", 1.0, parameters={"about": "1"})
    found = joined(raw_request(head_of(request), list(inputs.values())))
    assert found == triton_bytes(request)


@given(st.integers(0, 2**63 - 1))
def test_lengths_are_written_as_protobuf_writes_them(number: int) -> None:
    priority = ModelInferRequest()
    priority.parameters["p"].uint64_param = number
    assert priority.SerializeToString().endswith(varint(number)) or number == 0
    assert int.from_bytes(varint(number)[:1], "little") & 0x7F == number & 0x7F
