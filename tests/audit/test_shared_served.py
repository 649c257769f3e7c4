"""Batches through memory that a real Triton server shares with us, and what is left of it."""

from collections.abc import Iterator

import numpy as np
import pytest
from served_masks import SIZE, drawn
from shared_regions import known, ours
from tritonclient.utils import InferenceServerException

from audit.client.connection import Connection, Way
from audit.client.endpoint import ServedModel, connect, describe
from audit.client.grpc_server import GrpcServer
from audit.client.predictor import ServedPredictor
from audit.client.registration import unregister
from audit.client.sending import BatchBytes, Sending, sending
from audit.client.shared_memory import Region
from audit.client.shared_transport import SharedTransport
from fairness.arrays import Array, Image
from fairness.errors import ServerError
from fairness.group_input import RECORDED
from fairness.samples import Batch

pytest_plugins = ["audit_fixtures"]

SHAPE = (210, 180)
BATCHES = 6
LARGE = BatchBytes(4 * SHAPE[0] * SHAPE[1], 0, 16, BATCHES)


@pytest.fixture
def server(endpoint: str) -> Iterator[GrpcServer]:
    with connect(Connection(endpoint), 2**21) as found:
        assert isinstance(found, GrpcServer)
        yield found


def images_of(number: int, shape: tuple[int, ...] = SHAPE) -> Image:
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (4 - number % 2, *shape), dtype=np.uint8)


def batches(way: Sending, shape: tuple[int, ...] = SHAPE, placed: bool = True) -> Iterator[Batch]:
    """Batches of random images, the odd ones unfilled; where `placed`, read into the buffers."""
    for number in range(BATCHES):
        images: Array = images_of(number, shape)
        if placed:
            memory = way.buffers.take()[: images.nbytes].reshape(images.shape)
            memory[...] = images
            images = memory
        ids = tuple(f"{number}-{row}" for row in range(len(images)))
        labels = np.zeros(len(images), np.int64)
        yield Batch(ids, images, labels, {}, (None,) * len(images))


def answers(
    server: GrpcServer, model: ServedModel, way: Sending, shape: tuple[int, ...], placed: bool
) -> dict[str, Array]:
    """The answer to each batch, by its first id."""
    predict = ServedPredictor(
        way.transport, server.endpoint, model, way.window, buffers=way.buffers
    )
    return {
        batch.ids[0]: found[RECORDED].copy()
        for batch, found in predict(batches(way, shape, placed))
    }


@pytest.mark.parametrize("placed", [True, False], ids=["in its slot", "copied in"])
@pytest.mark.parametrize("way", ["auto", "shm", "grpc"])
def test_answers_are_the_same_by_every_way(server: GrpcServer, way: Way, placed: bool) -> None:
    said: list[str] = []
    model = describe(server, "sound")
    with sending(server, LARGE, way, None, said.append) as found:
        assert isinstance(found.transport, SharedTransport) == (way != "grpc")
        assert len(known(server.endpoint)) == len(ours()) == (way != "grpc")
        got = answers(server, model, found, SHAPE, placed)
    for number in range(BATCHES):
        expected = images_of(number).mean(axis=(1, 2), dtype=np.float64)[:, None] / 255
        np.testing.assert_allclose(got[f"{number}-0"], expected, atol=1e-6)
    assert ours() == known(server.endpoint) == set()
    assert [line.split(" through ")[0] for line in said] == ["images go to the server"] * len(said)
    assert len(said) == (way != "grpc")


def test_masks_come_back_through_it(server: GrpcServer) -> None:
    size = 4 * SIZE[0] * SIZE[1]
    model = describe(server, "masks")
    with sending(server, BatchBytes(size, 0, size, BATCHES), "auto", 3, lambda text: None) as way:
        assert isinstance(way.transport, SharedTransport)
        assert way.transport.answers is not None
        got = answers(server, model, way, SIZE, placed=True)
        assert way.transport.answers.free == way.transport.answers.number
    for number in range(BATCHES):
        np.testing.assert_array_equal(got[f"{number}-0"], drawn(images_of(number, SIZE)))


def test_small_batches_go_as_bytes_without_a_word(server: GrpcServer) -> None:
    said: list[str] = []
    with sending(server, BatchBytes(4000, 0, 16, 9), "auto", None, said.append) as way:
        assert way.transport is server
    assert said == []


@pytest.mark.parametrize("error", [ServerError("no"), KeyboardInterrupt()])
def test_nothing_is_left_when_it_ends_in_an_error(server: GrpcServer, error: BaseException) -> None:
    def stop() -> None:
        with sending(server, LARGE, "shm", 4, lambda text: None) as way:
            model = describe(server, "sound")
            for number, one in enumerate(batches(way)):
                predict = ServedPredictor(way.transport, server.endpoint, model)
                stream = predict([one, *batches(way, placed=False)])
                next(iter(stream))  # others are under way
                if number == 1:
                    raise error

    with pytest.raises(type(error)):
        stop()
    assert ours() == known(server.endpoint) == set()


def test_a_server_that_forgot_the_region_is_told_again(server: GrpcServer) -> None:
    model = describe(server, "sound")
    with sending(server, LARGE, "shm", 2, lambda text: None) as way:
        assert isinstance(way.transport, SharedTransport)
        for _ in range(2):  # as after a restart
            unregister(server.client, way.transport.region.name)
            got = answers(server, model, way, SHAPE, placed=True)
            assert len(got) == BATCHES
        assert way.transport.registered == 2
    assert ours() == known(server.endpoint) == set()


def test_a_server_elsewhere_gets_bytes_and_a_line(
    server: GrpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Region, "key", property(lambda self: "/of-another-host"))
    said: list[str] = []
    with sending(server, LARGE, "auto", None, said.append) as way:
        assert way.transport is server
        assert ours() == set()
    (line,) = said
    assert line.startswith("images go to the server as bytes, not through shared memory: the ")
    assert "Unable to open shared memory region" in line
    with (
        pytest.raises(ServerError, match="--transport shm: the server cannot map it"),
        sending(server, LARGE, "shm", None, said.append),
    ):
        pass


def test_too_little_shared_memory_means_bytes_and_a_line(
    server: GrpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.client.shared_memory.SPARE", 2**60)
    said: list[str] = []
    with sending(server, LARGE, "auto", None, said.append) as way:
        assert way.transport is server
    assert "not through shared memory: /dev/shm has" in said[0]


def test_a_region_that_is_in_use_is_not_given_up_at_once(
    server: GrpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuses(name: str, client_timeout: float) -> None:
        asked.append(name)
        if len(asked) < 3:
            raise InferenceServerException("Failed to unregister", "StatusCode.INTERNAL")

    monkeypatch.setattr(server.client, "unregister_system_shared_memory", refuses)
    assert unregister(server.client, "mine")
    assert asked == ["mine"] * 3


def test_memory_of_a_gpu_is_refused_where_there_is_none(
    server: GrpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.client.cuda_memory.DRIVER", "libno-such-driver.so.1")
    with (
        pytest.raises(ServerError, match="--transport cuda: there is no driver of a GPU here"),
        sending(server, LARGE, "cuda", None, lambda text: None),
    ):
        pass
