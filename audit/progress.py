"""Progress line of a stream: samples done, rate, time left."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fairness.evaluate import Readings


class ImagesPerSecond(ProgressColumn):
    """`162 images/s`."""

    def render(self, task: Task) -> Text:
        """The rate over the last seconds, or over the whole run once it is finished."""
        rate = task.finished_speed or task.speed
        return Text(f"{rate:.0f} images/s" if rate else "")


@dataclass
class State(ProgressColumn):
    """That the server is waited for, while it is."""

    waits: Callable[[], bool]

    def __post_init__(self) -> None:
        super().__init__()

    def render(self, task: Task) -> Text:
        """Empty while it answers."""
        return Text("waiting for the server ..." if self.waits() else "")


def with_progress(
    answered: Iterable[Readings],
    total: int,
    label: str,
    console: Console,
    waits: Callable[[], bool] = lambda: False,
) -> Generator[Readings, None, None]:
    """Pass the answers on and show how they come; one closing line where there is no terminal.

    Args:
        answered: the answers.
        total: samples in all of them.
        label: what answers.
        console: to which it is shown.
        waits: whether nobody answers at present.
    """
    started, done = monotonic(), 0
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        ImagesPerSecond(),
        TimeRemainingColumn(),
        State(waits),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(label, total=total)
        for found in answered:
            done += len(found)
            progress.advance(task, len(found))
            yield found
    seconds = monotonic() - started
    said = f"{label}: {done} images in {seconds:.1f} s ({done / seconds:.0f} images/s)"
    console.print(said, markup=False)
