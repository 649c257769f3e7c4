"""What a server may do wrong with memory that it shares with us; without a server."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, cast

import numpy as np
import pytest
from tritonclient.grpc import service_pb2 as pb
from tritonclient.utils import InferenceServerException

from audit.client.connection import Connection
from audit.client.failures import LostRegionError
from audit.client.grpc_server import GrpcServer
from audit.client.ring import Ring, slot_bytes
from audit.client.shared_memory import make_region
from audit.client.shared_transport import REGION, SMALL, UNWRITTEN, SharedTransport, written
from audit.client.transport import Request
from audit.client.wire import Output
from fairness.arrays import Array
from fairness.errors import ServerError

ROWS, WIDTH = 4, SMALL // 4


class FakeClient:
    """Registers a region as a test tells it to."""

    def __init__(self) -> None:
        self.registered = 0
        self.refused: InferenceServerException | None = None

    def register_system_shared_memory(self, *arguments: Any, client_timeout: float) -> None:
        self.registered += 1
        if self.refused is not None:
            raise self.refused


class FakeServer(GrpcServer):
    """Keeps the messages; a test answers them."""

    sent_messages: list[tuple[Any, Any, "Future[list[Output]]"]]

    def sent(self, request: Request, message: Any, read: Any) -> "Future[list[Output]]":
        future: Future[list[Output]] = Future()
        self.sent_messages.append((pb.ModelInferRequest.FromString(message[0]), read, future))
        return future


@pytest.fixture
def transport() -> Iterator[SharedTransport]:
    stride = slot_bytes(SMALL)
    region = make_region(6 * stride)
    server = FakeServer(cast(Any, FakeClient()), None, Connection("h:1"), 2**20)
    object.__setattr__(server, "sent_messages", [])
    rings = Ring(region, 0, 2, SMALL), Ring(region, 2 * stride, 2, SMALL)
    yield SharedTransport(server, region, *rings)
    region.remove()


def messages(transport: SharedTransport) -> list[tuple[Any, Any, "Future[list[Output]]"]]:
    return cast(FakeServer, transport.inner).sent_messages


def request_of(images: Array) -> Request:
    return Request("m", "1", {"image": images}, "mask", 1.0, frozenset({"image"}))


def free(ring: Ring | None) -> int:
    assert ring is not None
    return ring.free


def answer(transport: SharedTransport, number: int, raw: bytes | None = b"") -> list[Output]:
    """Answer a request as a server does that wrote into our memory, or sends `raw`."""
    _, read, future = messages(transport)[number]
    response = pb.ModelInferResponse(model_name="m", model_version="1")
    response.outputs.add(name="mask", datatype="UINT8", shape=[ROWS, WIDTH])
    if raw is not None:
        response.raw_output_contents.append(raw)
    future.set_result(read(response))
    return future.result()


def slot_of_answer(transport: SharedTransport, number: int) -> Array:
    head = messages(transport)[number][0]
    region = transport.region
    asked = head.outputs[0].parameters
    assert asked[REGION].string_param == region.name
    start = asked["shared_memory_offset"].int64_param
    return region.memory[start : start + asked["shared_memory_byte_size"].int64_param]


def test_an_array_in_its_slot_is_named_and_others_are_copied(transport: SharedTransport) -> None:
    slot = transport.inputs.take()
    slot[:] = 7
    transport.send(request_of(slot.reshape(ROWS, WIDTH)[1:3]))  # too small a part to be worth it
    transport.send(request_of(slot.reshape(ROWS, WIDTH)))
    transport.send(request_of(np.full((ROWS, WIDTH), 9, np.uint8)))
    transport.send(request_of(np.full((ROWS, WIDTH), 5, np.uint8)))  # no slot is left
    bytes_, named, copied, late = (head.inputs[0].parameters for head, _, _ in messages(transport))
    assert not bytes_
    assert not late
    assert named["shared_memory_offset"].int64_param == transport.region.place_of(slot)
    start = copied["shared_memory_offset"].int64_param
    assert (transport.region.memory[start : start + SMALL] == 9).all()
    assert free(transport.inputs) == 0


def test_an_answer_is_copied_out_and_its_slot_is_free_again(transport: SharedTransport) -> None:
    future = transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    slot_of_answer(transport, 0)[:] = 3
    answer(transport, 0)
    assert future.result()[0].raw == b"\3" * SMALL
    assert (free(transport.inputs), free(transport.answers)) == (2, 2)


def test_an_answer_that_was_not_written_is_not_an_earlier_one(transport: SharedTransport) -> None:
    for number in range(2):
        transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
        slot = slot_of_answer(transport, number)
        assert (slot == UNWRITTEN).all()
        if number == 0:
            slot[:] = 1
            assert answer(transport, 0)[0].raw == b"\1" * SMALL
    assert answer(transport, 1)[0].raw == b""  # which `array_of` refuses


def test_bytes_in_the_place_of_shared_memory_are_taken(transport: SharedTransport) -> None:
    transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    assert answer(transport, 0, b"\2" * SMALL)[0].raw == b"\2" * SMALL


@pytest.mark.parametrize(
    ("datatype", "shape"),
    [("UINT8", (ROWS, WIDTH + 1)), ("FP32", (ROWS, WIDTH)), ("BYTES", (1,)), ("UINT8", (-1, 4))],
)
def test_what_a_slot_does_not_hold_is_not_read(datatype: str, shape: tuple[int, ...]) -> None:
    slot = np.zeros(SMALL, np.uint8)
    assert written(slot, Output("mask", datatype, shape, b"")) == b""
    assert written(slot, Output("mask", "UINT8", (2, 3), b"")) == bytes(6)


def test_a_slot_into_which_a_late_answer_may_come_is_not_given_to_another(
    transport: SharedTransport,
) -> None:
    given_up = transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    given_up.cancel()
    assert messages(transport)[0][2].cancelled()
    failed = transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    messages(transport)[1][2].set_exception(ServerError("took too long"))
    with pytest.raises(ServerError, match="took too long"):
        failed.result()
    assert (free(transport.inputs), free(transport.answers)) == (2, 0)
    transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    assert not messages(transport)[2][0].outputs[0].parameters  # the answer comes as bytes
    client = cast(FakeClient, transport.inner.client)
    client.refused = InferenceServerException("shared memory region 'x' already in manager")
    transport.renewed()  # the same process: it may still write
    assert free(transport.answers) == 0
    client.refused = None
    transport.renewed()
    assert free(transport.answers) == 2


def test_a_restart_is_noticed_once_by_all_that_were_under_way(transport: SharedTransport) -> None:
    futures = [transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8))) for _ in range(2)]
    for number in range(2):
        messages(transport)[number][2].set_exception(LostRegionError("unknown"))
    assert cast(FakeClient, transport.inner.client).registered == 1
    for number in (2, 3):
        slot_of_answer(transport, number)[:] = number
        answer(transport, number)
    assert [future.result()[0].raw[:1] for future in futures] == [b"\2", b"\3"]


def test_a_server_that_never_finds_the_region_is_an_error(transport: SharedTransport) -> None:
    future = transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    for number in range(2):
        messages(transport)[number][2].set_exception(LostRegionError("unknown"))
    with pytest.raises(LostRegionError, match="unknown"):
        future.result()
    refused = transport.send(request_of(np.zeros((ROWS, WIDTH), np.uint8)))
    error = InferenceServerException("Unable to open", "StatusCode.INTERNAL")
    cast(FakeClient, transport.inner.client).refused = error
    messages(transport)[2][2].set_exception(LostRegionError("unknown"))
    with pytest.raises(ServerError, match="Unable to open"):
        refused.result()
