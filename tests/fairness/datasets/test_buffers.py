"""Memory of batches in flight: bounded, used again, and freed by whoever answered."""

from contextlib import suppress
from threading import Thread

import numpy as np
import pytest

from fairness.datasets.buffers import ClosedError, PlainBuffers


def take_one(buffers: PlainBuffers, got: list[int]) -> None:
    with suppress(ClosedError):
        got.append(buffers.take().ctypes.data)


def test_memory_is_used_again() -> None:
    buffers = PlainBuffers(2, 12)
    first = buffers.take()
    address = first.ctypes.data
    images = first[:6].view(np.uint8).reshape(2, 3)
    buffers.give_back(images)
    assert buffers.take().ctypes.data == address


def test_there_are_no_more_than_were_asked_for() -> None:
    buffers = PlainBuffers(2, 4)
    taken = [buffers.take(), buffers.take()]
    got: list[int] = []
    waiting = Thread(target=take_one, args=(buffers, got))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    buffers.give_back(taken[1].reshape(2, 2))
    waiting.join(5)
    assert got == [taken[1].ctypes.data]


def test_other_arrays_and_free_memory_are_ignored() -> None:
    buffers = PlainBuffers(1, 4)
    taken = buffers.take()
    buffers.give_back(np.zeros(4, np.uint8))
    buffers.give_back(taken)
    buffers.give_back(taken)
    buffers.take()
    got: list[int] = []
    waiting = Thread(target=take_one, args=(buffers, got))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()  # the memory given back twice is there once
    buffers.close()
    waiting.join(5)
    assert got == []


def test_whoever_waits_ends_when_buffers_close() -> None:
    buffers = PlainBuffers(1, 4)
    taken = buffers.take()
    waiting = Thread(target=take_one, args=(buffers, []))
    waiting.start()
    buffers.close()
    waiting.join(5)
    assert not waiting.is_alive()
    taken[:] = 7  # still there for whoever holds it
    buffers.give_back(taken)
    with pytest.raises(ClosedError):
        buffers.take()
