"""`python -m fairness.datasets.fetch`: a published data set from the Hugging Face Hub."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from fairness.datasets.fetch.hub import Fetched, fetch_files
from fairness.datasets.fetch.sources import SOURCES, Source, opened_at
from fairness.datasets.fetch.sums import (
    SUMS,
    differing,
    fetched_files,
    hashed,
    read_sums,
    write_sums,
)
from fairness.errors import DataError, UsageError
from fairness.guard import DEBUG_HELP, guarded

PROGRAM = "python -m fairness.datasets.fetch"

HELP = f"""Fetch a published data set from the Hugging Face Hub, and keep its hashes (SHA256SUMS).

Go on with an interrupted download by the same command. Once all is there, the same command checks
every file against its hash and asks the network nothing. HF_TOKEN, HF_HOME and HF_HUB_OFFLINE are
those of huggingface_hub.

Examples:

  {PROGRAM} fairvlmed

  {PROGRAM} fairvlmed --accept-licence

  {PROGRAM} fairfedmed --accept-licence --out /data/fairfedmed
"""


@dataclass(frozen=True)
class Options:
    """Flags of the command."""

    data: Annotated[Literal["fairvlmed", "fairfedmed"], tyro.conf.Positional]
    """What to fetch."""
    accept_licence: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """You accept the licence that the command shows without this flag."""
    out: Path | None = None
    """Folder to fetch into; data/ and the name by default."""
    repo: str | None = None
    """Another repository of the same content, such as a copy of your institution."""
    revision: str = "main"
    """Branch, tag or commit."""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""

    def work(rest: list[str]) -> int:
        options = tyro.cli(Options, prog=PROGRAM, description=HELP + DEBUG_HELP, args=rest)
        source = SOURCES[options.data]
        print(f"{source.name}: {source.licence}")
        if not options.accept_licence:
            raise UsageError("nothing was fetched; repeat with --accept-licence if you accept it")
        out = options.out or Path("data") / options.data
        if not _checked(out):
            _fetch(source, options.repo or source.repository, options.revision, out)
        _say_what_is_there(source, out)
        return 0

    return guarded(PROGRAM, "go on with the same command", arguments, work)


def _checked(out: Path) -> bool:
    """Whether all that was once fetched is there and unchanged.

    Raises:
        DataError: a file changed.
    """
    origin, expected = read_sums(out)
    there = [name for name in expected if (out / name).is_file()]
    if changed := differing(expected, hashed(out, there)):
        raise DataError(
            f"{out}: not as fetched: {changed}; delete what you do not want to keep and run again"
        )
    if not expected or len(there) < len(expected):
        return False
    print(f"{out}: {len(there)} files as fetched ({origin})")
    return True


def _fetch(source: Source, repository: str, revision: str, out: Path) -> None:
    _, before = read_sums(out)
    fetched = fetch_files(repository, revision, out)
    sums = hashed(out, fetched_files(out))
    if changed := differing(fetched.sums, sums):
        raise DataError(f"{out}: {changed}: not the hash that the Hub gives; delete and run again")
    if changed := differing(before, sums):
        raise DataError(
            f"{out}: {changed}: not as fetched before; the repository may have changed: delete "
            f"{SUMS} to take it as it is, or name the commit of {SUMS} by --revision"
        )
    if repository == source.repository:
        _check_number(source, fetched, out)
    write_sums(out, sums, f"{repository}, commit {fetched.commit}", source.licence)
    print(f"{out}: {len(sums)} files, hashes in {SUMS}")


def _check_number(source: Source, fetched: Fetched, out: Path) -> None:
    """Half a copy out of the cache is refused; the Hub's own list is believed."""
    if fetched.listed or not source.images:
        return
    _, found = opened_at(out)
    for split, number in source.images.items():
        if found.get(split, 0) < number:
            raise DataError(
                f"{out}: {found.get(split, 0)} {split} images, the card says {number}: "
                "half a download in the Hub's cache; unset HF_HUB_OFFLINE and run again"
            )


def _say_what_is_there(source: Source, out: Path) -> None:
    folder, found = opened_at(out)
    unit = "images" if source.images else "csv files of sites"
    print(f"{folder}: " + ", ".join(f"{split} {n}" for split, n in found.items()) + f" {unit}")
    for dataset in source.datasets:
        print(f"next: fair-audit inspect {folder} --dataset {dataset}")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
