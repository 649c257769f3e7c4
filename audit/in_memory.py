"""Answers about a whole split, kept in memory, by the way of an audit: retries and proofs included.

For commands that compare answers; an audit keeps its own in a journal.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import numpy as np
from rich.console import Console

from audit.audited_split import fits_when_read
from audit.batch_bytes import batch_bytes
from audit.client.endpoint import describe
from audit.client.parts import PartsTransport
from audit.client.patience import Patience
from audit.client.predictor import ServedPredictor
from audit.client.sending import sending
from audit.client.transport import Server
from audit.client.watch import WatchedTransport
from audit.collect import streamed
from audit.plan import Plan
from audit.progress import with_progress
from audit.proof import Asking
from fairness.evaluate import Read, Readings
from fairness.foreign.model_yaml import read_model_yaml
from fairness.tasks.task import Task


class InMemory:
    """Answers in the order in which they came; what a stream needs of a journal."""

    def __init__(self) -> None:
        """Begin without any."""
        self.found: list[Readings] = []

    def answered(self) -> set[str]:
        """Ids of every sample that has been answered."""
        return {id_ for one in self.found for id_ in one.ids}

    def readings(self, task: Task) -> Readings:
        """All of them, each sample once: the last answer counts."""
        last = {id_: (one, i) for one in self.found for i, id_ in enumerate(one.ids)}
        values = {
            name: np.array([one.values[name][i] for one, i in last.values()], np.float64)
            for name in task.value_names
        }
        return Readings(tuple(last), values)


def answers_of(plan: Plan, server: Server, console: Console, read: Read) -> Readings:
    """Ask a server about the whole split of a plan.

    Args:
        plan: of an audit of the model.
        server: that serves it, or a file in its place.
        console: for progress and notes.
        read: reads the answers.

    Raises:
        ServerError: it went away for longer than is waited for it, or was replaced meanwhile.
        DataError: a sample or an answer cannot be used.
    """
    kept = InMemory()
    with asking_in(plan, server, console, plan.options.in_flight, read) as asking:
        answers = with_progress(
            streamed(asking, asking.predict, kept, read, None),
            len(plan.split),
            plan.model.name,
            console,
            lambda: asking.patience.away,
        )
        with closing(answers):
            for found in answers:
                kept.found.append(found)
    return kept.readings(plan.task)


@contextmanager
def asking_in(
    plan: Plan,
    server: Server,
    console: Console,
    in_flight: int | None,
    read: Read | None = None,
) -> Iterator[Asking]:
    """What asks a server as an audit does, by the transport and patience of the plan's options.

    Args:
        plan: of an audit of the model.
        server: that serves it.
        console: for notes.
        in_flight: batches with the server at once; None: as many as make it faster.
        read: reads answers that are asked for again; None: as the task reads them.

    Raises:
        ServerError: the transport that was asked for cannot be had.
    """
    options = plan.options

    def note(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False)

    sizes = batch_bytes([plan])
    with sending(server, sizes, options.transport, in_flight, note, options.readers) as way:
        watched = WatchedTransport(PartsTransport(way.transport, note), server.endpoint, plan.model)
        predict = ServedPredictor(
            watched,
            server.endpoint,
            plan.model,
            way.window,
            fitted=fits_when_read(options, plan.model),
            buffers=way.buffers,
        )
        said = read_model_yaml(options.spec) if options.spec is not None else None
        again = partial(describe, server, plan.model.name, said, plan.model.version or None)
        yield Asking(plan, watched, predict, Patience(options.retry_for, note), again, read)
