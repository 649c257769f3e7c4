"""A request as JSON, with its tensors as numbers or as bytes behind it; a reply as outputs."""

import json
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError
from tritonclient.utils import np_to_triton_dtype

from audit.client.failures import TooManyNumbersError
from audit.client.rest_call import Reply
from audit.client.transport import Request, check_who_answered
from audit.client.typed import packed
from audit.client.wire import DTYPES, MOST_AXES, Output
from fairness.arrays import Array
from fairness.documents import parse_json
from fairness.errors import ServerError
from fairness.first_fault import first_fault

MOST_NUMBERS = 2**20
"""Of a request in JSON, where each takes 20 bytes."""


class SaidOutput(BaseModel):
    """An output as a reply names it."""

    name: str
    datatype: str
    shape: Annotated[list[int], Field(max_length=64)]
    data: list[Any] | None = None
    parameters: dict[str, Any] | None = None


class SaidReply(BaseModel):
    """The JSON of a reply."""

    model_name: str
    model_version: str | None = None
    outputs: Annotated[list[SaidOutput], Field(max_length=1000)]


def body_of(request: Request, binary: bool) -> tuple[bytes, dict[str, str]]:
    """The body of a request and its headers.

    Args:
        request: of some images.
        binary: whether the server takes tensors as bytes.

    Raises:
        TooManyNumbersError: more numbers than are sent as JSON at once.
        ServerError: half precision, which has no numbers in JSON.
    """
    if not binary:
        check_numbers(request)
    asked: dict[str, Any] = {"name": request.output}
    if binary:
        asked["parameters"] = {"binary_data": True}
    inputs = [tensor_of(name, array, binary) for name, array in request.inputs.items()]
    said: dict[str, Any] = {"inputs": inputs, "outputs": [asked]}
    if request.parameters:
        said["parameters"] = dict(request.parameters)
    head = json.dumps(said, allow_nan=False).encode()
    if not binary:
        return head, {"Content-Type": "application/json"}
    tail = [np.ascontiguousarray(array).tobytes() for array in request.inputs.values()]
    return b"".join([head, *tail]), {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(head)),
    }


def check_numbers(request: Request) -> None:
    """Refuse what JSON cannot hold; errors as `body_of`."""
    if any(array.dtype == np.float16 for array in request.inputs.values()):
        raise ServerError(
            f"model '{request.model}' takes FP16, which JSON cannot hold, and the server offers no "
            "binary tensors over REST; audit it over gRPC"
        )
    numbers = sum(array.size for array in request.inputs.values())
    if numbers > MOST_NUMBERS and request.rows > 1:
        raise TooManyNumbersError(
            f"{numbers} numbers in JSON, at most {MOST_NUMBERS} are sent at once"
        )


def tensor_of(name: str, array: Array, binary: bool) -> dict[str, Any]:
    """A tensor in the JSON of a request; its numbers in the order of its axes."""
    said = {
        "name": name,
        "shape": list(array.shape),
        "datatype": np_to_triton_dtype(array.dtype),
    }
    if binary:
        return {**said, "parameters": {"binary_data_size": array.nbytes}}
    return {**said, "data": array.ravel().tolist()}


def outputs_in(reply: Reply, request: Request, seen: dict[str, str]) -> list[Output]:
    """The output that was asked for, if it is there.

    Raises:
        WrongModelError: as `check_who_answered`.
        ServerError: the reply is no JSON of the protocol, or its numbers do not fit their type.
    """
    end = len(reply.body) if reply.header_bytes is None else reply.header_bytes
    try:
        said = SaidReply.model_validate(parse_json(reply.body[:end]))
    except ValidationError as error:
        raise unread(request, first_fault(error)) from None
    except ValueError as error:
        raise unread(request, str(error)) from None
    check_who_answered(request, said.model_name, said.model_version or "", seen)
    found = []
    for output in said.outputs:
        size = (output.parameters or {}).get("binary_data_size")
        raw = b""
        if output.data is None and type(size) is int and size >= 0:
            raw, end = reply.body[end : end + size], end + size
        if output.name != request.output:
            continue
        if output.data is not None and output.datatype in DTYPES:
            raw = packed(flat(output.data), output.datatype, output.name, request.model)
        found.append(Output(output.name, output.datatype, tuple(output.shape), raw))
    return found


def flat(numbers: list[Any]) -> list[Any]:
    """Lists of numbers in lists, one after another."""
    for _ in range(MOST_AXES):
        if not numbers or not all(isinstance(row, list) for row in numbers):
            break
        numbers = [number for row in numbers for number in row]
    return numbers


def unread(request: Request, why: str) -> ServerError:
    """The error to show for a reply that is not the protocol's."""
    return ServerError(
        f"model '{request.model}' answered what is no JSON of the protocol ({why[:300]}); see its "
        "log, or audit it over gRPC"
    )
