"""What a run reads: the batches that lack an answer, ahead, into memory that is used again."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from rich.console import Console

from audit.options import Options
from audit.plan import Plan
from fairness.datasets.buffers import Buffers
from fairness.datasets.image_cache import ImageCache
from fairness.datasets.read_ahead import read_ahead
from fairness.errors import UsageError
from fairness.samples import Batch


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
