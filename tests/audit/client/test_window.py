"""How many batches are in flight: a simulated server that is faster with more, up to a point."""

import heapq

import pytest

from audit.client.window import MOST, Window, fixed, tuned


def run(window: Window, lanes: int, seconds: float, batches: int = 2000) -> list[int]:
    """Stream batches through `lanes` that each take so many seconds; the sizes that were used."""
    now, free, under_way, sizes = 0.0, [0.0] * lanes, list[float](), []
    window.clock = lambda: now
    for _ in range(batches):
        while len(under_way) >= window.size:
            now = heapq.heappop(under_way)
            window.answered(32)
            sizes.append(window.size)
        start = max(now, heapq.heappop(free))
        heapq.heappush(free, start + seconds)
        heapq.heappush(under_way, start + seconds)
    return sizes


@pytest.mark.parametrize(("lanes", "found"), [(1, 2), (2, 2), (4, 4), (8, 8), (16, 16), (64, 16)])
def test_it_grows_to_what_the_server_does_at_once(lanes: int, found: int) -> None:
    window = tuned(MOST)
    run(window, lanes, seconds=0.02)
    assert (window.size, window.settled) == (found, True)


def test_it_never_grows_past_its_memory() -> None:
    assert max(run(tuned(3), 16, seconds=0.05)) == 2
    assert max(run(tuned(5), 16, seconds=0.05)) == 4


def test_it_stays_as_the_user_wants_it() -> None:
    assert set(run(fixed(5), 16, seconds=0.05)) == {5}


def test_it_is_found_in_the_first_seconds() -> None:
    window = tuned(MOST)
    run(window, 16, seconds=0.01, batches=1500)
    assert window.settled
    assert window.clock() < 3
