"""The cache of decoded images that a run reads through, where one is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from audit.options import Options
from fairness.datasets.image_cache import ImageCache
from fairness.errors import UsageError


@contextmanager
def kept_images(options: Options, console: Console) -> Iterator[ImageCache | None]:
    """The cache that is asked for, or none.

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
        said = f"--cache {options.cache}: {error.strerror}; name another folder"
        raise UsageError(said) from None
    with cache:
        yield cache
