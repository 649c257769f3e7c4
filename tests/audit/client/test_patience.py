"""Waiting for a server: how long, how often, and for what not; on a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from audit.client.failures import GoneError, RefusedError, RestartedError, WrongModelError
from audit.client.patience import FIRST, LONGEST, Patience
from fairness.errors import ServerError


@dataclass
class Clock:
    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("audit.client.patience.time.sleep", found.sleep)
    monkeypatch.setattr("audit.client.patience.time.monotonic", lambda: found.now)
    monkeypatch.setattr("audit.client.patience.random.uniform", lambda low, high: high)
    return found


def failing(*errors: Exception) -> Callable[[], None]:
    """What fails with these errors, one after another, and then no more."""
    left = list(errors)

    def prove() -> None:
        if left:
            raise left.pop(0)

    return prove


def test_waits_double_up_to_a_limit(clock: Clock) -> None:
    told: list[str] = []
    patience = Patience(60.0, told.append)
    patience.until_back(GoneError("gone"), failing(*[GoneError("away")] * 6))
    assert clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert (clock.slept[0], max(clock.slept)) == (FIRST, LONGEST)
    assert patience.retries == 7
    assert told == ["waiting for the server, up to 60 s: gone", "the server is back after 31.5 s"]


def test_each_wait_is_drawn_anew_from_nothing_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return 0.0

    monkeypatch.setattr("audit.client.patience.random.uniform", uniform)
    Patience(60.0).until_back(GoneError("gone"), failing(GoneError("away")))
    assert asked == [(0, 0.5), (0, 1.0)]


def test_the_time_is_counted_from_the_first_failure_to_the_next_answer(clock: Clock) -> None:
    patience = Patience(10.0)
    patience.until_back(GoneError("first"), failing(*[ServerError("not ready")] * 3))
    assert clock.now == 107.5
    with pytest.raises(GoneError, match="waited 10 s for it in vain: not ready"):
        patience.until_back(GoneError("second"), failing(*[ServerError("not ready")] * 99))
    assert clock.now == 110.0  # the last try was made at the very end
    patience.answered()
    patience.until_back(GoneError("third"), failing())
    assert clock.now == 110.5


def test_without_patience_the_first_failure_ends_it(clock: Clock) -> None:
    with pytest.raises(GoneError, match="^gone$"):
        Patience(0.0).until_back(GoneError("gone"), failing())
    assert clock.slept == []


def test_a_server_that_has_begun_anew_is_proved_at_once(clock: Clock) -> None:
    told: list[str] = []
    Patience(0.0, told.append).until_back(RestartedError("anew"), failing())
    assert clock.slept == []
    assert told == ["the model was loaded again, or its server restarted; it answers as before"]


@pytest.mark.parametrize("error", [WrongModelError("another"), RefusedError("not you")])
def test_a_refusal_and_another_model_are_not_waited_for(clock: Clock, error: Exception) -> None:
    patience = Patience(60.0)
    with pytest.raises(type(error)):
        patience.until_back(GoneError("gone"), failing(error))
    assert len(clock.slept) == 1
    assert not patience.away


def test_what_can_be_done_again_is_done_until_it_succeeds(clock: Clock) -> None:
    errors = [GoneError("gone"), GoneError("again")]

    def work() -> str:
        if errors:
            raise errors.pop()
        return "done"

    assert Patience(60.0).through(work, failing()) == "done"
    with pytest.raises(ServerError, match="^refused$"):
        Patience(60.0).through(failing(ServerError("refused")), failing())
