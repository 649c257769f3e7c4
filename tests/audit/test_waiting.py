"""A line where something takes long, and none where it does not."""

import io
from time import sleep

import pytest
from rich.console import Console

from audit import waiting


def test_a_line_comes_while_a_block_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST", 0.02)
    monkeypatch.setattr(waiting, "AGAIN", 60.0)
    shown = io.StringIO()
    with waiting.waiting("reading [a] file", Console(file=shown)):
        for _ in range(500):
            if shown.getvalue():
                break
            sleep(0.01)
    assert shown.getvalue() == "reading [a] file (0 s) ...\n"


def test_nothing_is_said_of_a_quick_block_or_after_an_error() -> None:
    shown = io.StringIO()
    with pytest.raises(KeyError), waiting.waiting("reading", Console(file=shown)):
        raise KeyError
    assert shown.getvalue() == ""


def test_a_block_that_tells_its_share_says_how_long_the_rest_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "monotonic", lambda: 112.0)
    wait = waiting.Wait(started=100.0)
    assert str(wait) == "12 s"
    wait.reached(0.25)
    assert str(wait) == "12 s, 25% done, about 36 s left"
    wait.reached(1.0)
    assert str(wait) == "12 s"
