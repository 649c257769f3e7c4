"""Streams what a run's journal lacks, through outages and restarts of the server.

A batch that was under way when the server went away is asked again as a whole. What is late is
dropped with the call that it belongs to, and the journal has a row for each id: nothing is lost,
and nothing is there twice.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Protocol

from rich.console import Console

from audit.client.clock import Clock
from audit.client.failures import GoneError, ReplacedError, WrongModelError
from audit.client.replica import Replica
from audit.client.replicas import Replicas
from audit.plan import JOURNAL, Plan
from audit.progress import with_progress
from audit.proof import Asking, identity, prove_replica, prove_same
from audit.provenance import Speed
from audit.reading import kept_images
from audit.recheck import recheck
from audit.records.journal import Journal
from audit.records.masks import keeping
from audit.records.outcomes import private_folder
from fairness.datasets.buffers import Buffers
from fairness.datasets.image_cache import ImageCache
from fairness.datasets.read_ahead import read_ahead
from fairness.evaluate import Predict, Read, Readings, readings
from fairness.samples import Batch
from fairness.tasks.task import Task


class Kept(Protocol):
    """Where answers are kept: a journal, or memory."""

    def answered(self) -> set[str]:
        """Ids of every sample that has been answered."""

    def readings(self, task: Task) -> Readings:
        """Everything that was answered."""


def collect(asking: Asking, console: Console) -> tuple[Readings, Speed]:
    """Stream what the journal lacks, then read everything back from it; how fast it streamed.

    Raises:
        WrongModelError: another model answers than at first, or than the journal's.
        ServerError: the server went away for longer than is waited for it.
        DataError: a sample or an answer cannot be used.
    """
    plan = asking.plan
    records = private_folder(plan.out / "records")
    read: Read = plan.task.read
    if plan.options.keep_masks:
        read = keeping(read, private_folder(records / "masks"))
    with (
        kept_images(plan.options, console) as cache,
        Journal(plan.out / JOURNAL, plan.identity, resume=plan.options.resume) as journal,
    ):
        replicas = asking.watched if isinstance(asking.watched, Replicas) else None
        if replicas is not None:
            replicas.begin(partial(taken_back, asking))
        done = journal.answered()
        if done:
            check_continued(asking, journal.readings(plan.task))
        clock, started, images = Clock(asking.predict), monotonic(), 0
        if remaining := len(plan.asked()) - len(done):
            answers = with_progress(
                streamed(asking, clock.asking, journal, read, cache),
                remaining,
                plan.model.name,
                console,
                lambda: asking.patience.away,
            )
            with closing(answers):
                for found in answers:
                    journal.record(found)
                    images += len(found)
        delivery = clock.delivery()
        if delivery is not None:
            retries = delivery.retries + asking.patience.retries
            delivery = replace(delivery, retries=retries)
        told = () if replicas is None else tuple(one.told() for one in replicas.members)
        speed = Speed(images, monotonic() - started, delivery, told)
        return journal.readings(plan.task), speed


def check_continued(asking: Asking, kept: Readings) -> None:
    """Refuse to continue a journal of another model.

    Raises:
        WrongModelError: it is.
        ServerError: the server went away for longer than is waited for it.
    """
    plan = asking.plan
    try:
        asking.patience.through(
            lambda: recheck(plan, asking.predict, kept), asking.watched.look_again
        )
    except ReplacedError:
        raise
    except WrongModelError as error:
        raise WrongModelError(f"cannot resume {plan.out}: {error}") from None


def streamed(
    asking: Asking, predict: Predict, journal: Kept, read: Read, cache: ImageCache | None
) -> Iterator[Readings]:
    """The answers that the journal lacks; each must be in it before the next is asked for.

    The last ones come with the proof that they are of the model that answered first.

    Raises:
        ReplacedError: they are not.
        ServerError: the server went away for longer than is waited for it.
    """
    plan, watched, patience = asking.plan, asking.watched, asking.patience
    asked = False
    while True:
        try:
            with closing(lacking(asking, predict, journal, read, cache)) as answers:
                for found in answers:
                    asked = True
                    yield found
                    patience.answered()
                    watched.kept(found.ids)
            if asked:
                watched.look()
                with replaced():
                    identity(asking)
                watched.look()
                if alone := set(watched.recent):  # of replicas that did not come back
                    with replaced():
                        recheck(
                            plan, asking.predict, journal.readings(plan.task), alone, asking.read
                        )
            return
        except GoneError as error:
            kept = journal.readings(plan.task)
            with replaced():
                patience.until_back(error, partial(prove_same, asking, kept, set(watched.recent)))


def taken_back(asking: Asking, one: Replica, ended: bool) -> None:
    """As `prove_replica`; another model there has replaced the first."""
    with replaced():
        prove_replica(asking, one, ended)


def lacking(
    asking: Asking, predict: Predict, journal: Kept, read: Read, cache: ImageCache | None
) -> Generator[Readings]:
    """The answers that the journal lacks now, by this process or by workers of a cluster."""
    plan, done = asking.plan, journal.answered()
    if plan.options.engine == "ray":
        from audit.workers import answers_of_workers

        yield from answers_of_workers(asking, done)
        return
    todo = unanswered(plan, done, asking.predict.buffers, cache)
    with closing(todo):
        yield from readings(todo, predict, read)


@contextmanager
def replaced() -> Iterator[None]:
    """Another model that answers in the middle of a run has replaced the first.

    Raises:
        ReplacedError: it does.
    """
    try:
        yield
    except ReplacedError:
        raise
    except WrongModelError as error:
        raise ReplacedError(f"while it answered, another took its place: {error}") from None


def unanswered(
    plan: Plan, done: set[str], buffers: Buffers, cache: ImageCache | None = None
) -> Generator[Batch]:
    """The batches that lack an answer for any of their samples, whole; no other is decoded.

    Whole batches, because a model may answer differently for another cut in the last digits.
    """
    ids = plan.split.ids
    cuts = [rows for rows in plan.cuts() if not done.issuperset(ids[i] for i in rows)]
    for batch in read_ahead(plan.split, cuts, buffers, plan.options.readers, cache):
        if done.issuperset(batch.ids):  # what lacked an answer was skipped
            buffers.give_back(batch.images)
        else:
            yield batch
