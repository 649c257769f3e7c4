"""The server's count of its answers: what is a reload, and what is not; without a server."""

import pytest
from fake_transport import FakeTransport, mean_grey
from served import SPEC

from audit.client.endpoint import ServedModel
from audit.client.failures import RestartedError
from audit.client.transport import Request
from audit.client.watch import WatchedTransport

MODEL = ServedModel("m", "1", SPEC, batch_size=2, device="CPU", server="fake 1")
REQUEST = Request("m", "1", {}, "probability", 1.0)


class CountingServer:
    """Counts what it answers, and what it answers to others."""

    def __init__(self) -> None:
        self.transport = FakeTransport(at_once=None)
        self.transport.counted = lambda _: self.counted
        self.counted: int | None = 100
        self.watched = WatchedTransport(self.transport, "fake:1", MODEL)

    def answer(self, number: int) -> None:
        if self.counted is not None:
            self.counted += 1
        self.transport.sent[number][1].set_result([])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> CountingServer:
    monkeypatch.setattr("audit.client.watch.PATIENCE", 0.0)
    monkeypatch.setattr("audit.client.watch.SHORT", 0.0)
    return CountingServer()


def test_answers_and_the_traffic_of_others_are_no_reload(server: CountingServer) -> None:
    assert server.counted is not None
    for number in range(5):
        server.watched.send(REQUEST)
        server.answer(number)
        server.counted += 7
        server.watched.look()
    assert server.watched.life.answered == 5
    assert server.watched.life.others == 135
    assert not server.watched.uncounted


def test_a_count_that_begins_again_is_a_reload(server: CountingServer) -> None:
    for number in range(3):
        server.watched.send(REQUEST)
        server.answer(number)
    server.watched.look()
    server.counted = 102
    with pytest.raises(RestartedError, match="fake:1 was loaded again.*counts 102 answers, 103"):
        server.watched.look()


def test_a_reload_is_seen_though_others_ask_the_new_model(server: CountingServer) -> None:
    server.counted = 0
    server.watched.look()
    for number in range(40):
        server.watched.send(REQUEST)
        server.answer(number)
    server.counted = 30  # loaded again, and asked by others since
    with pytest.raises(RestartedError, match="counts 30 answers, 40 came"):
        server.watched.look()


def test_what_is_under_way_or_has_failed_is_not_awaited(server: CountingServer) -> None:
    calls = [server.watched.send(REQUEST) for _ in range(4)]
    server.counted = 104  # all four are counted, none has come
    server.watched.look()
    for call in calls[:2]:
        call.set_result([])
    calls[2].set_exception(RuntimeError())
    calls[3].cancel()
    server.counted = 102
    server.watched.look()
    assert server.watched.life.answered == 2


def test_a_server_that_does_not_count_is_not_judged_by_it(server: CountingServer) -> None:
    server.counted = None
    server.watched.send(REQUEST)
    server.answer(0)
    server.watched.look()
    assert server.watched.life.answered == 1
    assert server.watched.uncounted


def test_a_count_that_comes_late_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([0, 0, 0, 1])
    transport = FakeTransport(mean_grey, counted=lambda _: next(counts))
    transport.at_once = lambda _: []
    watched = WatchedTransport(transport, "fake:1", MODEL)
    watched.send(REQUEST).result()
    watched.look()
    assert next(counts, None) is None


def test_while_it_sends_it_looks_from_time_to_time(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.watched.send(REQUEST)
    server.answer(0)
    server.counted = 0
    server.watched.send(REQUEST)  # too early for a look
    monkeypatch.setattr("audit.client.watch.INTERVAL", 0.0)
    with pytest.raises(RestartedError):
        server.watched.send(REQUEST)
    assert len(server.transport.sent) == 2


def test_whoever_looks_again_counts_from_the_new_beginning(server: CountingServer) -> None:
    for number in range(3):
        server.watched.send(REQUEST)
        if number < 2:
            server.answer(number)
    server.counted = 1
    with pytest.raises(RestartedError):
        server.watched.look()
    server.watched.look_again()
    assert (server.watched.restarts, server.watched.sent, server.watched.life.sent) == (1, 3, 0)
    server.transport.sent[2][1].set_result([])  # late: an answer of the life before
    server.watched.look()
    assert (server.watched.life.answered, server.watched.life.others) == (0, 1)
    server.watched.send(REQUEST)
    server.answer(3)
    server.watched.look()
    server.counted = 1
    with pytest.raises(RestartedError, match="counts 1 answers, 2 came"):
        server.watched.look()


def test_a_server_that_was_away_and_counts_on_has_not_begun_anew(server: CountingServer) -> None:
    server.watched.send(REQUEST)
    server.answer(0)
    server.watched.look_again()
    assert (server.watched.restarts, server.watched.life.answered) == (0, 1)
