"""Batches in parts: which rows go, in which order answers are joined, and what ends a batch."""

from concurrent.futures import Future

import numpy as np
import pytest
from fake_transport import FakeTransport, mean_grey

from audit.client.failures import TooLargeError
from audit.client.parts import PartsTransport
from audit.client.transport import Request
from audit.client.wire import Output, array_of
from fairness.arrays import Array
from fairness.errors import ServerError

REFUSED = TooLargeError("too large")


class Limited(FakeTransport):
    """Refuses more rows than `most`, and answers the others by `at_once`."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def send(self, request: Request) -> "Future[list[Output]]":
        if request.rows <= self.most:
            return super().send(request)
        future: Future[list[Output]] = Future()
        future.set_exception(REFUSED)
        return future


def images(rows: int) -> Array:
    return np.arange(rows * 4, dtype=np.uint8).reshape(rows, 2, 2)


def request(rows: int, by_row: frozenset[str] = frozenset({"image"})) -> Request:
    inputs = {"image": images(rows), "constant": np.arange(5)}
    return Request("m", "1", inputs, "probability", 1.0, by_row)


def means(rows: int) -> Array:
    found: Array = images(rows).mean(axis=(1, 2), dtype=np.float32)[:, None] / 255
    return found


@pytest.mark.parametrize(
    ("rows", "most", "parts"),
    [(32, 40, [32]), (32, 9, [8, 8, 8, 8]), (26, 9, [8, 8, 8, 2]), (3, 2, [2, 1]), (5, 1, [1] * 5)],
)
def test_parts_together_answer_as_the_whole(rows: int, most: int, parts: list[int]) -> None:
    limited, notes = Limited(most), list[str]()
    found = PartsTransport(limited, notes.append).send(request(rows)).result(0)
    np.testing.assert_allclose(array_of(found, "probability", "FP32", "m"), means(rows))
    assert [one.rows for one, _ in limited.sent] == parts
    assert all(one.inputs["constant"].size == 5 for one, _ in limited.sent)
    assert len(notes) == (1 if most < rows else 0)


def test_what_was_refused_is_remembered_and_said_once() -> None:
    limited, notes = Limited(9), list[str]()
    transport = PartsTransport(limited, notes.append)
    for _ in range(3):
        transport.send(request(16)).result(0)
    assert [one.rows for one, _ in limited.sent] == [8] * 6
    assert notes == [
        "whole batches are more than the server takes; they are sent in parts of 8 images"
    ]


def test_what_cannot_be_divided_is_refused() -> None:
    for one in (request(1), request(7, frozenset())):
        assert PartsTransport(Limited(0), print).send(one).exception(0) is REFUSED


def test_other_errors_are_handed_on() -> None:
    transport = FakeTransport(at_once=None)
    sent = PartsTransport(transport, print).send(request(4))
    error = ServerError("gone")
    transport.sent[0][1].set_exception(error)
    assert sent.exception(0) is error


def test_a_part_that_is_refused_later_goes_again_in_smaller_ones() -> None:
    limited = Limited(4)
    transport = PartsTransport(limited, print)
    transport.send(request(8)).result(0)
    limited.most = 1
    found = transport.send(request(8)).result(0)
    np.testing.assert_allclose(array_of(found, "probability", "FP32", "m"), means(8))
    assert [one.rows for one, _ in limited.sent][2:] == [1] * 8


def test_whoever_gives_up_ends_the_part_under_way() -> None:
    transport = FakeTransport(at_once=None)
    parts = PartsTransport(transport, print, most_rows=2)
    sent = parts.send(request(4))
    transport.answer(0)
    assert sent.cancel()
    assert transport.sent[1][1].cancelled()
    assert len(transport.sent) == 2


def unlike(rows: int, datatype: str, columns: int, name: str = "probability") -> list[Output]:
    return [Output(name, datatype, (rows, columns), bytes(4 * rows * columns))]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (unlike(1, "FP32", 1), r"answered \[1, 1\] as 'probability' for 2 images"),
        (unlike(2, "FP64", 1), "different types or shapes"),
        (unlike(2, "FP32", 2), "different types or shapes"),
        (unlike(2, "FP32", 1, "other"), "answered nothing as 'probability'"),
        ([Output("probability", "FP32", (), b"1234")], r"answered \[\] as 'probability'"),
        ([], "answered nothing"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(second: list[Output], message: str) -> None:
    transport = FakeTransport(at_once=None)
    sent = PartsTransport(transport, print, most_rows=2).send(request(4))
    transport.answer(0)
    transport.sent[1][1].set_result(second)
    with pytest.raises(ServerError, match=message):
        sent.result(0)


def test_a_count_is_the_server_s() -> None:
    transport = FakeTransport(mean_grey, counted=lambda sent: 40 + sent)
    assert PartsTransport(transport, print).count("m", "1") == 40
