"""The outer shell of every command: whatever goes wrong is one line and an exit code.

An expected error has the exit code of its class (`fairness/errors.py`), any other 3, Ctrl-C 130 and
SIGTERM, where it is taken like Ctrl-C, 143, as a shell counts them.
Where nobody reads the output any more the code is 141, as a shell counts it. `--debug`, or the
variable FAIR_AUDIT_DEBUG, shows the traceback before the line.
"""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from fairness.errors import FairAuditError

DEBUG = "--debug"
VARIABLE = "FAIR_AUDIT_DEBUG"
DEBUG_HELP = "\nWith --debug an error shows its traceback.\n"
"""For the help text of a command."""
INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143


class Terminated(KeyboardInterrupt):
    """SIGTERM, for whoever treats it like Ctrl-C."""


def guarded(
    program: str, interrupted: str, arguments: list[str], work: Callable[[list[str]], int]
) -> int:
    """Do the work of a command and return its exit code.

    Args:
        program: what the line begins with.
        interrupted: what to do after Ctrl-C.
        arguments: those of the command line.
        work: takes the arguments without `--debug`, returns the exit code.

    Raises:
        SystemExit: the help text was asked for, or an argument is unknown; both have been said.
    """
    debug = DEBUG in arguments or bool(os.environ.get(VARIABLE))
    _open_streams()
    try:
        code = work([argument for argument in arguments if argument != DEBUG])
        sys.stdout.flush()
        return code
    except BaseException as error:  # nothing may end in a traceback; the code says what it was
        if debug and not isinstance(error, SystemExit):
            traceback.print_exc()
        return _code_of(error, program, interrupted)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Ctrl-C takes effect at the end of the block: numpy makes an ImportError of it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """SIGTERM inside the block is an interruption like Ctrl-C, with a code of its own."""

    def interrupt(*_: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _code_of(error: BaseException, program: str, interrupted: str) -> int:
    """Say what happened, in one line, and return the exit code."""
    _drop_unwritable_output()
    if isinstance(error, SystemExit) and error.code != 1:
        raise error
    # rich ends the process with 1 where its output is closed, but 1 says that a policy failed.
    if isinstance(error, BrokenPipeError | SystemExit):
        return UNREAD
    code = error.exit_code if isinstance(error, FairAuditError) else FairAuditError.exit_code
    if isinstance(error, KeyboardInterrupt):
        code = TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    text = FairAuditError(reason_of(error, interrupted))
    with suppress(OSError):  # where nobody reads it, the exit code remains
        print(f"{program}: {text}", file=sys.stderr, flush=True)
    return code


def reason_of(error: BaseException, interrupted: str) -> str:
    """What happened and what to do."""
    if isinstance(error, FairAuditError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted; {interrupted}"
    if isinstance(error, MemoryError):
        return f"out of memory; {DEBUG} shows where"
    if isinstance(error, OSError) and error.strerror:
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        todo = "free some space and run again" if full else f"{DEBUG} shows where"
        return f"{place}{error.strerror}; {todo}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{where}: {error}; please report it with {DEBUG}"


def _open_streams() -> None:
    """Give a process that was started without them both streams, and let all text through."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _drop_unwritable_output() -> None:
    """Flush both streams; one that cannot be written to is led nowhere, so that exit is silent."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
