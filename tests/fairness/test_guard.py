"""Whatever ends a command is one line and an exit code that is never 1."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fairness.errors import DataError, ServerError, UsageError
from fairness.guard import guarded

ROOT = Path(__file__).parents[2]


def ended(work: Callable[[list[str]], int], *arguments: str) -> int:
    return guarded("tool", "go on with --resume", list(arguments), work)


def failing(error: BaseException) -> Callable[[list[str]], int]:
    def work(_: list[str]) -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("no such flag"), 2, "tool: no such flag"),
        (DataError("a.npz: broken"), 3, "tool: a.npz: broken"),
        (ServerError("\x1b[2Jname\r\nsecond"), 3, "tool: [2Jname second"),
        (KeyboardInterrupt(), 130, "tool: interrupted; go on with --resume"),
        (MemoryError(), 3, "tool: out of memory; --debug shows where"),
        (
            OSError(errno.ENOSPC, "No space left on device", "out/x.csv"), 3,
            "tool: out/x.csv: No space left on device; free some space and run again",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", b"out"), 3,
            "tool: out: Permission denied; --debug shows where",
        ),
        (RecursionError("too deep"), 3, "tool: unexpected RecursionError at test_guard.py:"),
        (ValueError("a\nb\x1b[31m" + "c" * 9000), 3, "tool: unexpected ValueError at test_guard"),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogate"), 3, "tool: unexpected Unicode"),
        (BaseException("a panic of a library"), 3, "tool: unexpected BaseException"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_every_error_is_one_line(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(failing(error)) == code
    said = capsys.readouterr().err
    assert said.startswith(text)
    assert said.count("\n") == 1
    assert said[:-1].isprintable()
    assert len(said) < 2100


def test_the_traceback_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def work(arguments: list[str]) -> int:
        seen.append(arguments)
        raise DataError("broken")

    assert ended(work, "a", "--debug") == 3
    assert seen == [["a"]]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == "tool: broken"
    monkeypatch.setenv("FAIR_AUDIT_DEBUG", "1")
    assert ended(failing(ValueError("x"))) == 3
    assert capsys.readouterr().err.startswith("Traceback")


@pytest.mark.parametrize("code", [0, 1, 4])
def test_a_verdict_passes_through(code: int) -> None:
    assert ended(lambda _: code) == code


@pytest.mark.parametrize("code", [0, 2])
def test_help_and_unknown_flags_end_as_the_parser_says(code: int) -> None:
    with pytest.raises(SystemExit) as caught:
        ended(failing(SystemExit(code)))
    assert caught.value.code == code


def test_a_closed_output_is_no_failed_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(failing(BrokenPipeError(errno.EPIPE, "Broken pipe"))) == 141
    assert ended(failing(SystemExit(1))) == 141  # rich's way of saying it
    assert capsys.readouterr().err == ""


COMMANDS = {
    "fair-audit": ["-c", "from audit.cli import main; main()"],
    "synthetic": ["-m", "fairness.synthetic.fairvlmed"],
    "export": ["-m", "export"],
    "training": ["-m", "training.fairclip"],
}


def shell(command: str, rest: str, **variables: str) -> subprocess.CompletedProcess[str]:
    words = " ".join(f"'{word}'" for word in [sys.executable, *COMMANDS[command]])
    return subprocess.run(
        ["bash", "-c", f"{words} {rest}"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


CLOSED = "--help | true; exit ${PIPESTATUS[0]}"


@pytest.mark.parametrize(
    ("command", "rest", "code"),
    [
        *((command, CLOSED, 141) for command in COMMANDS),
        ("fair-audit", "--help > /dev/full", 3),
        ("fair-audit", "--help >&- 2>&-", 0),
        ("export", "--help > /dev/full", 3),
    ],
)
def test_an_output_that_cannot_be_written_to_gives_no_traceback(
    command: str, rest: str, code: int
) -> None:
    # `true` may end before or after the help text is written, so 0 is right as well.
    done = shell(command, rest)
    assert done.returncode in (code, 0)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr.count("\n") <= 1


def test_names_that_the_terminal_cannot_show_are_escaped(tmp_path: Path) -> None:
    done = shell("fair-audit", f"inspect '{tmp_path}/Zürich'", PYTHONIOENCODING="ascii")
    assert done.returncode == 3
    assert "Z\\xfcrich" in done.stderr


def heed_interrupts() -> None:
    """A shell lets its background jobs ignore Ctrl-C, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    pipe = tmp_path / "scores.csv"
    os.mkfifo(pipe)  # the command waits for it
    words = [sys.executable, *COMMANDS["fair-audit"], "report", "--from", str(pipe), "--out", "o"]
    process = subprocess.Popen(
        words, cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    )
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.startswith("fair-audit: interrupted; ")
    assert said.count("\n") == 1


INTERRUPTED = """
import os, signal
from fairness.guard import interrupts_wait

signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with interrupts_wait():
        os.kill(os.getpid(), signal.SIGINT)
        print("imported")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_waits_for_the_imports() -> None:
    """In a process of its own: one of this one's threads could take the signal."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True)
    assert done.stdout.split() == [b"imported", b"interrupted"]
