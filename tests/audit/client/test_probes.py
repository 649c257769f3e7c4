"""Probes alone and in batches: which servers pass for the exported one; without a server."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fake_transport import FakeTransport, mean_grey
from served import SPEC
from served_by_group import GROUP_SPEC, SHIFTS

from audit.client.endpoint import ServedModel
from audit.client.failures import WrongModelError
from audit.client.probes import BATCH_PIXELS, arrangements, batches, distinct, verify
from audit.client.transport import Request
from audit.client.wire import Output
from fairness.arrays import Array
from fairness.contract import ModelSpec
from fairness.errors import ServerError
from fairness.probes import Probes

Rows = Callable[[Array], Array]


def with_equal_shapes(n: int, *others: tuple[int, int], spec: ModelSpec = SPEC) -> ModelSpec:
    """Probes of n images of one shape and of others, with the true mean grey levels."""
    shapes = ((8, 8),) * n + others
    probes = Probes(seed=5, shapes=shapes, expected=(), tolerance=1e-5)
    expected = tuple((float(np.mean(image, dtype=np.float32)) / 255,) for image in probes.images())
    return replace(spec, probes=replace(probes, expected=expected))


def served(spec: ModelSpec, size: int) -> ServedModel:
    return ServedModel("m", "1", spec, batch_size=size, device="CPU", server="fake 1")


def changed(rows: Rows) -> Callable[[Request], list[Output]]:
    """A server that does something with the rows of its answers."""

    def answer(request: Request) -> list[Output]:
        (output,) = mean_grey(request)
        values = rows(np.frombuffer(output.raw, np.float32))
        return [replace(output, shape=(len(values), 1), raw=values.tobytes())]

    return answer


def swapped(i: int, j: int) -> Rows:
    """Exchanges two rows of a full batch."""

    def exchange(values: Array) -> Array:
        order = np.arange(len(values))
        if len(order) > max(i, j):
            order[[i, j]] = order[[j, i]]
        return np.take(values, order)

    return exchange


@pytest.mark.parametrize("size", [1, 2, 4, 32])
def test_a_sound_server_passes(size: int) -> None:
    transport = FakeTransport()
    model = served(with_equal_shapes(3, (9, 7)), size)
    assert verify(transport, "fake:1", model) == "verified"
    sizes = [len(request.inputs["image"]) for request, _ in transport.sent]
    assert sizes[:4] == [1, 1, 1, 1]
    assert set(sizes[4:]) == ({1, size} if size > 1 else set())


@pytest.mark.parametrize(
    "rows",
    [
        lambda values: values[::-1],
        lambda values: np.roll(values, 1),
        lambda values: np.roll(values, 3),  # as many as there are probes
        lambda values: np.sort(values),
        lambda values: np.full_like(values, values[0]),
        lambda values: np.append(values[:1], np.zeros(len(values) - 1, np.float32)),
        swapped(0, 31),
        swapped(1, 4),
        swapped(9, 18),
        swapped(27, 30),
    ],
)
def test_a_server_that_mixes_up_rows_is_refused(rows: Rows) -> None:
    model = served(with_equal_shapes(3), 32)
    with pytest.raises(WrongModelError, match="'m'.*at fake:1.* 32 in a batch.*mixes up rows"):
        verify(FakeTransport(changed(rows)), "fake:1", model)


class Awaited(Future):  # type: ignore[type-arg]
    """A future that is answered, with all others of its server, when somebody waits for it."""

    server: "MergingTransport"

    def result(self, timeout: float | None = None) -> Any:
        self.server.flush()
        return super().result(timeout)


@dataclass
class MergingTransport(FakeTransport):
    """Answers all requests that came meanwhile together, in another order."""

    turned: int = 1
    waiting: "list[Future[list[Output]]]" = field(default_factory=list)
    answers: list[list[Output]] = field(default_factory=list)

    def send(self, request: Request) -> "Future[list[Output]]":
        future = Awaited()
        future.server = self
        self.waiting.append(future)
        self.answers.append(mean_grey(request))
        return future

    def flush(self) -> None:
        waiting, answers = self.waiting, self.answers
        self.waiting, self.answers = [], []
        for number, future in enumerate(waiting):
            future.set_result(answers[(number + self.turned) % len(answers)])


def test_a_server_that_mixes_up_requests_is_refused() -> None:
    model = served(with_equal_shapes(3), 8)
    assert verify(MergingTransport(turned=0), "fake:1", model) == "verified"
    with pytest.raises(WrongModelError, match="as exported, but not 4 at a time.*mixes up rows"):
        verify(MergingTransport(), "fake:1", model)


def test_groups_that_are_mixed_up_in_a_batch_are_refused() -> None:
    codes = (-1, 0, 1, 2)
    spec = with_equal_shapes(4, spec=GROUP_SPEC)
    assert spec.probes is not None
    pairs = zip(spec.probes.expected, codes, strict=True)
    expected = tuple((value + SHIFTS[code + 1],) for (value,), code in pairs)
    spec = replace(spec, probes=replace(spec.probes, groups=codes, expected=expected))

    def answer(request: Request, order: int) -> list[Output]:
        shift = np.array(SHIFTS, np.float32)[request.inputs["group"][::order, 0] + 1]
        return changed(lambda values: values + shift)(request)

    sound = FakeTransport(lambda request: answer(request, 1))
    assert verify(sound, "fake:1", served(spec, 8)) == "verified"
    with pytest.raises(WrongModelError, match="mixes up rows"):
        verify(FakeTransport(lambda request: answer(request, -1)), "fake:1", served(spec, 8))


@pytest.mark.parametrize("rows", [lambda v: v[:-1], lambda v: np.append(v, v)])
def test_more_or_fewer_answers_than_probes_are_refused(rows: Rows) -> None:
    with pytest.raises(ServerError, match="answered shape .* probes"):
        verify(FakeTransport(changed(rows)), "fake:1", served(with_equal_shapes(3), 4))


def test_a_probe_that_differs_alone_or_is_nan_is_refused() -> None:
    for rows in (lambda v: v + np.float32(1e-3), lambda v: v * np.float32("nan")):
        with pytest.raises(WrongModelError, match="not the exported one: its probes differ"):
            verify(FakeTransport(changed(rows)), "fake:1", served(with_equal_shapes(3), 4))


@pytest.mark.parametrize(("choices", "length"), [(2, 8), (2, 32), (3, 32), (8, 32), (4, 3), (9, 9)])
def test_over_the_batches_any_two_rows_differ(choices: int, length: int) -> None:
    orders = np.array(arrangements(list(range(10, 10 + choices)), length))
    assert len({tuple(column) for column in orders.T}) == length
    assert all(one != other for one, other in pairwise(orders[0]))


def test_probes_with_like_answers_are_told_apart_once() -> None:
    spec = with_equal_shapes(4)
    assert spec.probes is not None
    probes = replace(spec.probes, expected=((0.1,), (0.1001,), (0.5,), (0.1,)), tolerance=1e-3)
    assert distinct(probes, (8, 8)) == [0, 2]


def test_a_batch_of_large_probes_is_cut() -> None:
    probes = Probes(seed=1, shapes=((4096, 4096),), expected=((0.5,),), tolerance=0.0)
    ((images, rows),) = batches(probes, 32)
    assert images.size == BATCH_PIXELS
    assert rows == [0, 0, 0, 0]
