"""Tensors on the wire: what is refused before it is sent, and what is refused of an answer."""

import numpy as np
import pytest
from served import SPEC
from served_by_group import GROUP_SPEC
from tritonclient.grpc import service_pb2

from audit.client.failures import WrongModelError
from audit.client.grpc_server import head_of, outputs_of
from audit.client.transport import Request
from audit.client.wire import Output, input_tensors, read_output
from fairness.errors import DataError, ServerError

REQUEST = Request("m", "1", {}, "probability", 1.0)


@pytest.mark.parametrize(("codes", "named"), [([0, 3], "3"), ([-2, 1], "-2")])
def test_a_group_out_of_range_is_refused_before_it_is_sent(codes: list[int], named: str) -> None:
    images = np.zeros((2, 6, 5), np.uint8)
    with pytest.raises(DataError, match=f"group {named} of race, where the model knows 3"):
        input_tensors(GROUP_SPEC, images, np.array(codes))


def test_tensors_bear_the_names_shapes_and_types_of_the_model() -> None:
    images = np.zeros((2, 6, 5), np.uint8)
    found = input_tensors(GROUP_SPEC, images, np.array([-1, 2]))
    image, group = head_of(Request("m", "1", found, "probability", 1.0)).inputs
    assert (image.name, list(image.shape), image.datatype) == ("image", [2, 6, 5], "UINT8")
    assert (group.name, list(group.shape), group.datatype) == ("group", [2, 1], "INT64")


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("probability", b"", "came as 0 bytes.*numpy<2"),
        ("probability", b"1234567", "came as 7 bytes"),
        ("another", b"12345678", "without its output 'probability'"),
    ],
)
def test_an_empty_or_absent_output_is_named(name: str, raw: bytes, message: str) -> None:
    response = service_pb2.ModelInferResponse(
        model_name="m", model_version="1", raw_output_contents=[raw]
    )
    response.outputs.add(name=name, datatype="FP32", shape=[2, 1])
    with pytest.raises(ServerError, match=message):
        read_output(outputs_of(response, REQUEST, {}), SPEC, "m")


@pytest.mark.parametrize("shape", [(-2, -1), (1,) * 40, (2, 1, 1, 1, 1), (2**62, 4), (-1, 2)])
def test_an_output_of_an_odd_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ServerError, match="8 bytes of FP32 for shape"):
        read_output([Output("probability", "FP32", shape, bytes(8))], SPEC, "m")


def test_an_output_of_another_type_is_refused() -> None:
    with pytest.raises(ServerError, match="16 bytes of FP64"):
        read_output([Output("probability", "FP64", (2, 1), bytes(16))], SPEC, "m")


@pytest.mark.parametrize(("name", "version"), [("m", "2"), ("n", "1"), ("m", ""), ("m\n", "1")])
def test_an_answer_of_another_model_or_version_is_refused(name: str, version: str) -> None:
    response = service_pb2.ModelInferResponse(model_name=name, model_version=version)
    with pytest.raises(WrongModelError, match="'m' version 1 was asked, '.*' version .* answered"):
        outputs_of(response, REQUEST, {})
