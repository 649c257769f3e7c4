"""Reports of a run: lines on the terminal and in `train.log`, a progress bar, TensorBoard."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fairness.text import printable

LOG = logging.getLogger("training")
LOG.setLevel(logging.INFO)
CONSOLE = Console(stderr=True)


def _one_printable_line(record: logging.LogRecord) -> bool:
    """Blanks for control characters: names in a message come from files and from sites."""
    record.msg, record.args = printable(record.getMessage()), ()
    return True


LOG.addFilter(_one_printable_line)

_EARLIER = MemoryHandler(capacity=1_000_000, flushLevel=logging.CRITICAL + 1)
"""Keeps warnings that come before a run has its `train.log`, such as those of unusable files."""
_EARLIER.setLevel(logging.WARNING)
LOG.addHandler(_EARLIER)


class _Terminal(logging.Handler):
    """Prints above the progress bar; a warning says that it is one."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno > logging.INFO:
            text = f"{record.levelname.lower()}: {text}"
        CONSOLE.print(text, markup=False, highlight=False, soft_wrap=True)


class _LogFile(logging.FileHandler):
    """A log that stops the run where it cannot be written to, instead of printing a traceback."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        raise  # it is called where the error is being handled


def log_to_terminal() -> None:
    """Show the training's messages on the standard error stream, from the start of a command on."""
    _EARLIER.buffer.clear()
    if not any(isinstance(handler, _Terminal) for handler in LOG.handlers):
        LOG.addHandler(_Terminal())


class _Rate(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")


@contextmanager
def progress_bar(what: str) -> Iterator["Bar"]:
    """A bar with count, rate and time left; nothing where no terminal shows it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(
        *columns, TimeRemainingColumn(), console=CONSOLE, disable=not CONSOLE.is_terminal
    ) as progress:
        yield Bar(progress, progress.add_task(what, total=None))


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def show(self, done: int, total: int) -> None:
        """Show how many are done of how many; the rate counts from the first call."""
        self._progress.update(self._task, completed=done, total=total)


class RunLog:
    """The files of one run: `train.log`, and TensorBoard's events under `tensorboard/`.

    `train.log` also has the warnings since the command began.
    """

    def __init__(self, folder: Path, first_step: int, writes: bool = True) -> None:
        """Open them; events of `first_step` and later, left by an interrupted run, are dropped.

        Of several processes only one `writes`.
        """
        self._writes = writes
        if not writes:
            return
        # torch takes seconds to import; --help and a mistyped command should not wait for it.
        from torch.utils.tensorboard import SummaryWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._file = _LogFile(folder / "train.log", encoding="utf-8")
        self._file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._events = SummaryWriter(folder / "tensorboard", purge_step=first_step)

    def __enter__(self) -> Self:
        if not self._writes:
            return self
        LOG.removeHandler(_EARLIER)
        _EARLIER.setTarget(self._file)
        _EARLIER.flush()
        _EARLIER.setTarget(None)
        LOG.addHandler(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._writes:
            return
        LOG.removeHandler(self._file)
        LOG.addHandler(_EARLIER)
        self._file.close()
        self._events.close()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Record one number a name, at a step."""
        for name, value in values.items() if self._writes else ():
            self._events.add_scalar(name, value, step)
