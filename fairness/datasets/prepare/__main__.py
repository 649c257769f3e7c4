"""`python -m fairness.datasets.prepare`: CheXpert and MIMIC-CXR as sites of FairFedMed-Chest."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from fairness.atomic import write_atomically
from fairness.datasets.prepare.chexpert import read_chexpert
from fairness.datasets.prepare.choice import Rules, choose
from fairness.datasets.prepare.layout import contents, write_site
from fairness.datasets.prepare.mimic_cxr import read_mimic_cxr
from fairness.datasets.prepare.picture import Picture
from fairness.errors import DataError, UsageError
from fairness.guard import DEBUG_HELP, guarded
from fairness.progress import ProgressLine

PROGRAM = "python -m fairness.datasets.prepare"

HELP = f"""Write the csv files that make a site of FairFedMed-Chest of an export; pictures stay
where they are, below the folder of the csv files: in it, or by a link (`ln -s`).

Examples:

  {PROGRAM} chexpert --tables CheXpert-v1.0-small --people "CHEXPERT DEMO.xlsx"

  {PROGRAM} mimic-cxr --tables mimic-cxr-jpg/2.0.0 --people mimiciv/hosp
    --images data/fairfedmed-chest/files

  {PROGRAM} chexpert --tables CheXpert-v1.0 --uncertain positive --blank negative
"""

READERS = {"chexpert": read_chexpert, "mimic-cxr": read_mimic_cxr}
SITES = {"chexpert": "chexpert", "mimic-cxr": "mimic"}


@dataclass(frozen=True)
class Options:
    """Flags of the command."""

    data: Annotated[Literal["chexpert", "mimic-cxr"], tyro.conf.Positional]
    """Which export."""
    tables: Path
    """Folder of its csv files: train.csv and valid.csv, or mimic-cxr-2.0.0-*.csv.gz."""
    people: Path | None = None
    """CheXpert: CHEXPERT DEMO.xlsx, or the same as csv. MIMIC-CXR: folder of MIMIC-IV's patients
    and admissions. Without it race (CheXpert) or every group (MIMIC-CXR) is unknown."""
    images: Path | None = None
    """Folder of the pictures, in or below --out; --out by default."""
    out: Path = Path("data/fairfedmed-chest")
    """Folder to write the csv files to."""
    target: str = "Pleural Effusion"
    """Column of the finding."""
    rules: tyro.conf.OmitArgPrefixes[Rules] = field(default_factory=Rules)


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""

    def work(rest: list[str]) -> int:
        options = tyro.cli(Options, prog=PROGRAM, description=HELP + DEBUG_HELP, args=rest)
        images, site = options.images or options.out, SITES[options.data]
        _below(options.out, images)
        pictures = READERS[options.data](options.tables, options.people, options.target)
        root = _root(images, pictures)
        kept, left_out = choose(pictures, options.rules, root, ProgressLine("rows"))
        write_site(options.out, site, _below(options.out, root), kept)
        lines = [
            f"{options.target}: 1 positive, 0 negative; {_policies(options.rules)}",
            f"splits: {options.rules.division}; every patient in one split",
            f"{len(pictures)} rows read, {len(kept)} kept; left out: {_counts(left_out)}",
            *contents(kept),
        ]
        write_atomically(options.out / f"meta_{site}.txt", "\n".join(lines) + "\n")
        print("\n".join(lines))
        print(f"{options.out}: meta_{site}_*.csv; next: fair-audit inspect {options.out} "
              "--dataset fairfedmed-chest")  # fmt: skip
        return 0

    return guarded(PROGRAM, "run the same command again", arguments, work)


def _below(out: Path, images: Path) -> str:
    """The path from the csv files to the pictures; nothing where they lie beside one another.

    Raises:
        UsageError: the pictures lie elsewhere.
        DataError: there is no such folder.
    """
    if not images.is_dir():
        raise DataError(f"{images}: no such folder; name that of the pictures by --images")
    below = Path(os.path.relpath(images.absolute(), out.absolute()))
    if ".." in below.parts:
        link = out / images.name
        raise UsageError(
            f"the pictures must lie below {out}; without moving them: ln -s {images.absolute()} "
            f"{link}, then --images {link}"
        )
    return "" if below == Path() else below.as_posix()


def _root(images: Path, pictures: Sequence[Picture]) -> Path:
    """The folder at which the paths of the table begin: the given one, one in it, or its parent.

    Raises:
        DataError: none of the first pictures lies there.
    """
    inside = sorted(path for path in images.iterdir() if path.is_dir())
    first = [picture.path for picture in pictures[:100]]
    named = [images.parent] if first and first[0].startswith(f"{images.name}/") else []
    for root in (images, *inside, *named):
        if any((root / path).is_file() for path in first):
            return root
    raise DataError(
        f"{images}: holds none of the first pictures of the table, such as "
        f"{first[0] if first else 'none, as it has no row'}; name their folder by --images"
    )


def _policies(rules: Rules) -> str:
    words = {"ignore": "left out", "positive": "positive", "negative": "negative"}
    return f"-1 (uncertain) {words[rules.uncertain]}, blank (not mentioned) {words[rules.blank]}"


def _counts(left_out: dict[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in sorted(left_out.items())) or "none"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
