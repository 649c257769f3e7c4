"""Progress line of a stream: samples done, rate, time left."""

from collections.abc import Iterable, Iterator
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


def with_progress(
    answered: Iterable[Readings], total: int, label: str, console: Console
) -> Iterator[Readings]:
    """Pass the answers on and show how they come; one closing line where there is no terminal."""
    started, done = monotonic(), 0
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        ImagesPerSecond(),
        TimeRemainingColumn(),
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
