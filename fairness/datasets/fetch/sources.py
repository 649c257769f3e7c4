"""The data sets that can be fetched: where they lie, under which terms, and what must arrive.

Repositories, sizes and licences are those of the authors' data cards on the Hugging Face Hub, as
read in November 2026 in public copies of these cards; `--repo` names any other repository.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairness.datasets.lists import find_lists
from fairness.datasets.splits import SPELLINGS, find_files
from fairness.errors import DataError


@dataclass(frozen=True)
class Source:
    """One data set on the Hub."""

    name: str
    repository: str
    """Of type `dataset`."""
    licence: str
    """In one line; shown, and accepted by a flag."""
    datasets: tuple[str, ...]
    """What `fair-audit --dataset` calls it, or its parts."""
    images: Mapping[str, int]
    """Split name to the number of its images, where the card says it."""


SOURCES = {
    "fairvlmed": Source(
        name="Harvard-FairVLMed",
        repository="harvardairobotics/FairVLMed",
        licence="CC BY-NC-ND 4.0: non-commercial research only; neither the data nor changed "
        "copies may be passed on (https://creativecommons.org/licenses/by-nc-nd/4.0/)",
        datasets=("fairvlmed",),
        images={"train": 7000, "val": 1000, "test": 2000},
    ),
    "fairfedmed": Source(
        name="FairFedMed",
        repository="harvardairobotics/FairFedMed",
        licence="MIT, as its card says; for the chest part also the Stanford research use "
        "agreement of CheXpert and the PhysioNet credentialed health data licence of MIMIC-CXR, "
        "which are accepted with their owners",
        datasets=("fairfedmed-slo", "fairfedmed-oct"),
        images={},
    ),
}


def opened_at(root: Path) -> tuple[Path, dict[str, int]]:
    """The folder that the readers open, and the number of images or rows of each of its splits.

    Raises:
        DataError: there is none in `root`, nor up to two folders deeper.
    """
    inside = sorted(p for place in ("*", "*/*") for p in root.glob(place) if p.is_dir())
    for folder in (root, *(p for p in inside if not p.relative_to(root).parts[0].startswith("."))):
        if found := _splits(folder):
            return folder, found
    archives = sorted(p.name for p in root.glob("*") if p.suffix in (".zip", ".tar", ".gz", ".7z"))
    todo = f"unpack {', '.join(archives[:5])} there" if archives else "docs/data.md has the layouts"
    raise DataError(f"{root}: all is fetched, but it holds no split that the readers know; {todo}")


def _splits(folder: Path) -> dict[str, int]:
    tables = [p for p in folder.glob("meta_*_*_*.csv") if not p.name.startswith(".")]
    if tables:
        ends = {split: [p for p in tables if p.stem.endswith(f"_{split}")] for split in SPELLINGS}
        return {split: len(found) for split, found in ends.items() if found}
    found = {}
    for split in SPELLINGS:
        try:
            found[split] = len(find_files(folder, split))
        except DataError:
            if find_lists(folder, SPELLINGS).get(split):
                raise
    return found
