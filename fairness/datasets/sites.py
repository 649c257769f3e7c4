"""Finds and reads the csv files that divide a federated data set (FairFedMed) into sites.

There is one a site, a demographic attribute and a split: `meta_site1_race_train.csv` or
`meta_mimic_age_test.csv`. The sites of one attribute need not be those of another.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fairness.datasets.splits import is_held_out, read_table
from fairness.errors import DataError


@dataclass(frozen=True)
class Line:
    """One row of a site's csv."""

    table: Path
    number: int
    """From 1 on, without the header."""
    values: dict[str, str]

    def fault(self, message: str) -> DataError:
        """The error that names the row."""
        return DataError(f"{self.table} row {self.number}: {message}")

    def filename(self) -> str:
        """The file that the row names, relative to the folder of the files.

        Raises:
            DataError: there is none, or it lies outside the folder.
        """
        name = self.values.get("filename", "")
        path = PurePosixPath(name)
        if not name or "\\" in name or "\0" in name or path.is_absolute() or ".." in path.parts:
            raise self.fault(f"filename '{name}' is no file below the data folder; correct it")
        return str(path)


def find_sites(root: Path, prefix: str, attribute: str) -> tuple[str, ...]:
    """Names of the sites that the csv files of an attribute name, in natural order.

    `prefix` stands before a site's name, as `site` in `meta_site1_race_test.csv`.

    Raises:
        DataError: there are none; says for which attributes there are.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; docs/data.md says how to get or make the data")
    pattern = re.compile(rf"meta_{prefix}(.+)_([a-z]+)_(?:train|val|test)\.csv")
    found = [m.groups() for p in sorted(root.iterdir()) if (m := pattern.fullmatch(p.name))]
    names = {site for site, name in found if name == attribute}
    if not names:
        others = ", ".join(sorted({name for _, name in found})) or "no attribute"
        raise DataError(
            f"{root}: no meta_{prefix}*_{attribute}_*.csv; there are sites for {others}; fetch "
            "those files, or choose another attribute"
        )
    return tuple(sorted(names, key=_natural))


def _natural(name: str) -> tuple[bool, int, str]:
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


def find_table(root: Path, stem: str, split: str) -> tuple[Path, bool]:
    """The csv of one split of one site, and whether `train` and `val` share it.

    `stem` is `meta_{site}_{attribute}`; `held_out` divides the patients of a shared csv.

    Raises:
        DataError: the file is missing.
    """
    divided = split != "test" and not (root / f"{stem}_val.csv").is_file()
    path = root / f"{stem}_{'train' if divided else split}.csv"
    if not path.is_file():
        raise DataError(f"{path}: no such file; fetch it, or leave its site out")
    return path, divided


def read_lines(table: Path) -> Iterator[Line]:
    """The rows of a site's csv.

    Raises:
        DataError: the file cannot be read as UTF-8 csv, or holds no row.
    """
    rows = read_table(table)
    if not rows:
        raise DataError(f"{table}: holds no row; fetch it again")
    return (Line(table, number, values) for number, values in enumerate(rows, start=1))


def held_out(patients: Collection[str]) -> frozenset[str]:
    """The patients of a training csv who validate: about one in ten, the same at every site.

    Only where that takes nobody, the first by name is held out.
    """
    chosen = frozenset(filter(is_held_out, patients))
    return chosen or frozenset(sorted(patients)[:1])
