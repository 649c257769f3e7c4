"""Two sites' runs and files, as `fair-audit report` and `fair-audit summary` write them."""

from pathlib import Path

from scored_files import cohort, report, write_csv

from audit.cli import run


def write_site(folder: Path, name: str, seed: int, *flags: str) -> Path:
    """The file of a site of 300 people."""
    source = write_csv(folder / f"{name}.csv", cohort(300, seed))
    given = ("--attributes", "race,gender", "--patient", "patient", "--name", "eyes")
    assert report(source, folder / name, *given, *flags) == 0
    return summarised(folder, name)


def summarised(folder: Path, name: str, *flags: str) -> Path:
    """The file of a run that is there."""
    out = folder / f"{name}.json"
    said = ("--site", name, "--label", "glaucoma", "--out", str(out))
    assert run(["summary", str(folder / name), *said, *flags]) == 0
    return out
