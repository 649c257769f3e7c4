"""Several servers as one, without a server: windows, requests sent again, reloads, the last one."""

import time
from concurrent.futures import Future
from threading import Event

import pytest
from fake_transport import FakeTransport
from served import SPEC

from audit.client.endpoint import ServedModel
from audit.client.failures import GoneError, ReplacedError, RestartedError
from audit.client.keeper import looked_after
from audit.client.replica import Replica
from audit.client.replicas import Replicas
from audit.client.transport import Request
from audit.client.watch import WatchedTransport
from audit.client.window import fixed
from audit.client.wire import Output
from fairness.errors import ServerError

MODEL = ServedModel("m", "1", SPEC, batch_size=2, device="CPU", server="fake 1")
AWAY = GoneError("it went away")


class Fakes:
    """Replicas that answer when a test says so; each is named by its number."""

    def __init__(self, *windows: int, ways: int = 1) -> None:
        self.transports = [FakeTransport(at_once=None) for _ in windows]
        self.told: list[str] = []
        self.proved: list[tuple[str, bool]] = []
        members = []
        for number, (window, transport) in enumerate(zip(windows, self.transports, strict=True)):
            transport.counted = lambda _, of=transport: answered_by(of)  # type: ignore[misc]  # mypy cannot type a default
            watched = WatchedTransport(transport, str(number), MODEL, by_itself=False)
            members.append(
                Replica(str(number), transport, watched, fixed(window), MODEL, lambda: MODEL)  # type: ignore[arg-type]  # asked for nothing else
            )
        self.replicas = Replicas(members, self.told.append, ways)
        self.replicas.begin(lambda one, ended: self.proved.append((one.endpoint, ended)))

    def send(self, batch: str) -> "Future[list[Output]]":
        request = Request("m", "1", {}, "probability", 1.0, batch=batch)
        return self.replicas.send(request)

    def batches(self, number: int) -> list[str]:
        """Of all requests that a replica got."""
        return [request.batch for request, _ in self.transports[number].sent]

    def answer(self, number: int, batch: str) -> None:
        for request, future in self.transports[number].sent:
            if request.batch == batch and not future.done():
                future.set_result([Output(str(number), "FP32", (0,), b"")])


def answered_by(transport: FakeTransport) -> int:
    calls = [future for _, future in transport.sent if future.done() and not future.cancelled()]
    return sum(call.exception() is None for call in calls)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.client.watch.PATIENCE", 0.0)
    monkeypatch.setattr("audit.client.watch.SHORT", 0.0)


def who(future: "Future[list[Output]]") -> str:
    return future.result(timeout=5)[0].name


def test_each_has_its_own_window_and_what_finds_no_room_waits() -> None:
    fakes = Fakes(1, 3)
    assert fakes.replicas.size == 4
    futures = {batch: fakes.send(batch) for batch in "abcdef"}
    assert (fakes.batches(0), fakes.batches(1)) == (["a"], ["b", "c", "d"])
    fakes.answer(1, "c")
    assert fakes.batches(1) == ["b", "c", "d", "e"]
    fakes.answer(0, "a")
    assert fakes.batches(0) == ["a", "f"]
    assert (who(futures["c"]), who(futures["a"])) == ("1", "0")
    for batch in "ac":
        fakes.replicas.kept((batch, "another sample"))
    assert [one.images for one in fakes.replicas.members] == [2, 2]


def test_a_window_counts_batches_where_each_is_asked_in_several_ways() -> None:
    fakes = Fakes(1, 1, ways=3)
    for batch in "aaabbbc":
        fakes.send(batch)
    assert [len(fakes.batches(number)) for number in (0, 1)] == [3, 3]


def test_what_a_dead_one_had_goes_to_another_and_its_late_answer_is_dropped() -> None:
    fakes = Fakes(2, 2)
    futures = {batch: fakes.send(batch) for batch in "abcd"}
    late = fakes.transports[0].sent[1][1]
    fakes.transports[0].sent[0][1].set_exception(AWAY)
    assert late.cancelled()
    for batch in "bdac":
        fakes.answer(1, batch)
    assert sorted(fakes.batches(1)) == ["a", "b", "c", "d"]
    assert {who(future) for future in futures.values()} == {"1"}
    assert (fakes.replicas.retries, fakes.replicas.members[0].absences) == (2, 1)
    assert fakes.told == ["0 dropped out, the other goes on: it went away"]
    fakes.send("e")
    assert fakes.batches(0) == ["a", "c"]
    fakes.replicas.look_again()
    assert fakes.proved == [("0", True)]
    fakes.send("f")
    assert fakes.batches(0) == ["a", "c", "f"]


def test_where_the_last_one_dies_whoever_asks_learns_of_it() -> None:
    fakes = Fakes(1, 1)
    futures = [fakes.send(batch) for batch in "abc"]
    for transport in fakes.transports:
        transport.sent[0][1].set_exception(AWAY)
    for future in futures:
        with pytest.raises(GoneError, match="none of the 2 servers answers: it went away"):
            future.result(timeout=5)
    with pytest.raises(GoneError, match="none of the 2"):
        fakes.send("d")


def test_a_request_that_brings_down_one_after_another_is_given_up() -> None:
    fakes = Fakes(1, 1)
    future = fakes.send("a")
    for number in (0, 1, 0):
        fakes.transports[number].sent[-1][1].set_exception(AWAY)
        fakes.replicas.members[number].fault = None  # it is back at once
        fakes.replicas.dispatch.share_out()
    with pytest.raises(GoneError, match="it went away"):
        future.result(timeout=5)


def test_an_error_that_another_would_give_too_ends_the_request_alone() -> None:
    fakes = Fakes(1, 1)
    future = fakes.send("a")
    fakes.transports[0].sent[0][1].set_exception(ServerError("no such tensor"))
    with pytest.raises(ServerError, match="no such tensor"):
        future.result(timeout=5)
    assert len(fakes.replicas.serving) == 2


def test_whoever_stops_leaves_no_work_behind() -> None:
    fakes = Fakes(1, 1)
    futures = [fakes.send(batch) for batch in "abc"]
    for future in futures:
        future.cancel()
    assert all(transport.sent[0][1].cancelled() for transport in fakes.transports)
    assert fakes.batches(0) + fakes.batches(1) == ["a", "b"]
    fakes.send("d")
    assert fakes.batches(0) == ["a", "d"]


def test_a_reload_of_one_is_noticed_by_its_own_count_and_what_it_answered_is_doubted() -> None:
    fakes = Fakes(2, 2)
    for batch in "abcd":
        fakes.send(batch)
    fakes.answer(0, "a")
    fakes.replicas.look()
    fakes.answer(0, "c")
    fakes.answer(1, "b")
    assert fakes.replicas.members[0].recent == {"c"}
    fakes.transports[0].counted = lambda _: 1
    fakes.replicas.look()
    first, second = fakes.replicas.members
    assert isinstance(first.fault, RestartedError)
    assert (second.fault, second.recent, set(fakes.replicas.recent)) == (None, set(), {"c"})


def test_one_that_is_back_is_proved_in_a_thread_of_its_own_before_it_gets_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.client.keeper.FIRST", 0.01)
    fakes, allowed = Fakes(1, 1), Event()

    def prove(one: Replica, ended: bool) -> None:
        if not allowed.is_set():
            raise ServerError("not ready")
        fakes.proved.append((one.endpoint, ended))

    fakes.replicas.begin(prove)
    with looked_after(fakes.replicas):
        fakes.send("a")
        fakes.transports[0].sent[0][1].set_exception(AWAY)
        time.sleep(0.1)
        assert [one.endpoint for one in fakes.replicas.serving] == ["1"]
        allowed.set()
        until = time.monotonic() + 5
        while len(fakes.replicas.serving) < 2 and time.monotonic() < until:
            time.sleep(0.01)
    assert fakes.proved == [("0", False)]
    assert fakes.told[-1] == "0 is back and serves the same model"


def test_one_that_comes_back_as_another_model_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.client.keeper.FIRST", 0.01)
    fakes = Fakes(1, 1)

    def prove(one: Replica, ended: bool) -> None:
        raise ReplacedError("another took its place")

    fakes.replicas.begin(prove)
    with looked_after(fakes.replicas):
        fakes.replicas.drop(fakes.replicas.members[0], AWAY)
        until = time.monotonic() + 5
        while fakes.replicas.fatal is None and time.monotonic() < until:
            time.sleep(0.01)
    with pytest.raises(ReplacedError, match="another took its place"):
        fakes.send("a")
