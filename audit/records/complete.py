"""Whether the answers of a run are those of its split: each sample once, and no other."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from fairness.datasets.reader import Split
from fairness.errors import DataError


def check_complete(ids: Sequence[str], split: Split, asked: Sequence[str] | None = None) -> str:
    """Reconcile the samples that were answered with a split, less those that were skipped.

    Args:
        ids: of the answers.
        split: that was streamed.
        asked: the ids that should be there, where they are not all of the split.

    Returns:
        SHA-256 of the ids, sorted, a zero byte after each.

    Raises:
        DataError: they differ in number or by name; names the first that is missing or too much.
    """
    skipped = {id_ for id_, _ in split.skipped}
    of = "split" if asked is None else "shard"
    asked = split.ids if asked is None else asked
    wanted = [id_ for id_ in asked if id_ not in skipped]
    found = digest_of(ids)
    if len(ids) == len(wanted) and found == digest_of(wanted):
        return found
    faults = (
        (set(wanted) - set(ids), "has no answer", "go on with --resume"),
        (set(ids) - set(asked), f"was answered and is none of the {of}", "audit it anew"),
        (
            set(ids) & skipped,
            "was answered, and its file cannot be read any more",
            "restore the file and go on with --resume",
        ),
    )
    counted = f"{split.root}: {len(ids)} answers for {len(wanted)} samples"
    for those, what, todo in faults:
        if those:
            raise DataError(f"{counted}: '{min(those)}' {what} ({len(those)} such); {todo}")
    twice = next(id_ for id_ in ids if ids.count(id_) > 1)
    raise DataError(f"{counted}: '{twice}' was answered twice; audit it anew")


def digest_of(ids: Iterable[str]) -> str:
    """SHA-256 of ids, whatever their order."""
    digest = sha256()
    for id_ in sorted(ids):
        digest.update(id_.encode(errors="surrogatepass") + b"\0")
    return digest.hexdigest()
