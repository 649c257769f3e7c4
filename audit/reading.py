"""What a run reads: the batches that lack an answer, ahead, into memory that is used again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console

from audit.options import Options
from audit.plan import Plan
from fairness.datasets.buffers import Buffers, PlainBuffers
from fairness.datasets.image_cache import ImageCache
from fairness.datasets.read_ahead import largest, read_ahead
from fairness.errors import UsageError
from fairness.evaluate import Answers, Predict
from fairness.samples import Batch


@contextmanager
def held(plan: Plan, buffers: Buffers | None) -> Iterator[Buffers]:
    """The buffers that are given; else ordinary ones for the batches of a plan, closed at last."""
    if buffers is not None:
        yield buffers
        return
    number = plan.options.in_flight + plan.options.readers + 1
    own = PlainBuffers(number, largest(plan.split, plan.cuts()))
    try:
        yield own
    finally:
        own.close()


def giving_back(predict: Predict, buffers: Buffers) -> Predict:
    """A predictor whose batches free their memory as soon as the next one is asked for."""

    def answered(stream: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for batch, answers in predict(stream):
            yield batch, answers
            buffers.give_back(batch.images)

    return answered


@contextmanager
def kept_images(options: Options, console: Console) -> Iterator[ImageCache | None]:
    """The cache of decoded images that is asked for.

    Raises:
        UsageError: it cannot be opened.
    """

    def tell(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False)

    if options.cache is None:
        yield None
        return
    try:
        cache = ImageCache(options.cache, int(options.cache_gb * 2**30), tell)
    except OSError as error:
        raise UsageError(
            f"--cache {options.cache}: {error.strerror}; name another folder"
        ) from None
    with cache:
        yield cache


def unanswered(
    plan: Plan, done: set[str], buffers: Buffers, cache: ImageCache | None = None
) -> Iterator[Batch]:
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
