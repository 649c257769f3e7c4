"""One split of a federated data set (FairFedMed) over some or all of its sites.

What the readers of its two parts share. The site is a last attribute of every sample. Where a site
has no validation csv, a tenth of the patients of its training csv (`sites.held_out`) is read as
`val` and left out of `train`, because thresholds and epochs are chosen on it.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

import numpy as np

from fairness.arrays import Image, IntArray
from fairness.attributes import Attribute
from fairness.datasets.entries import Entry, EntrySplit
from fairness.datasets.sites import Line, find_sites, find_table, held_out, read_lines
from fairness.datasets.splits import SPELLINGS
from fairness.datasets.values import UnknownCodeError
from fairness.errors import DataError, UsageError
from fairness.samples import Sample

SUFFIXES = (".npz", ".png", ".jpg", ".jpeg")


class NoImageError(DataError):
    """A sample without this kind of image: no fault, so left out and counted in any case."""


@dataclass(frozen=True)
class SitedEntry(Entry):
    """Everything about one sample but its image."""

    name: str
    """Path of its file below the data folder, as the csv has it."""
    label: int

    @property
    def id(self) -> str:
        """The path without the ending: file names alone may repeat in other folders."""
        return sample_id(self.name)


def sample_id(name: str) -> str:
    """A path without the ending of an image file."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in SUFFIXES else name


class SitedSplit(EntrySplit[SitedEntry]):
    """One split over some or all sites."""

    prefix: ClassVar[str]
    """What stands before a site's name in the names of the csv files."""
    recorded: ClassVar[tuple[Attribute, ...]]
    """The attributes that the files record; `site` is added to them."""

    def __init__(
        self,
        root: Path,
        split: str,
        *,
        target: str,
        attribute: str,
        sites: tuple[str, ...] | None,
        on_error: Literal["stop", "skip"],
    ) -> None:
        """Find the samples and read everything but the images.

        Args:
            root: the folder that holds the csv files of the sites.
            split: `train`, `val` or `test`.
            target: name of a 0/1 label.
            attribute: by which the sites were made, e.g. `race`.
            sites: names of the sites to read, None for all; their codes stay the same.
            on_error: `stop` at an unusable file, or `skip` it and record it in `skipped`.

        Raises:
            UsageError: there is no such split, attribute or site.
            DataError: a csv is missing, a file is unusable, or a group code is unknown.
        """
        if split not in SPELLINGS:
            raise UsageError(f"unknown split '{split}'; use one of {', '.join(SPELLINGS)}")
        if attribute not in (names := [a.name for a in self.recorded]):
            raise UsageError(f"no attribute '{attribute}' here; use one of {', '.join(names)}")
        super().__init__(root, split, target, on_error)
        groups = find_sites(self.root, self.prefix, attribute)
        if absent := set(sites or ()) - set(groups):
            raise UsageError(f"{root}: no site '{min(absent)}'; there are {', '.join(groups)}")
        self.attributes = (*self.recorded, Attribute("site", groups))
        entries: dict[str, SitedEntry] = {}
        for code, site in enumerate(groups):
            if sites is None or site in sites:
                for entry in self._read_site(f"meta_{self.prefix}{site}_{attribute}"):
                    if entry.id in entries:
                        raise DataError(
                            f"{self.root}: {entry.name} comes twice in the {split} split, at last "
                            f"at site {site}; correct its csv files"
                        )
                    entries[entry.id] = replace(entry, codes={**entry.codes, "site": code})
        self._keep([entries[id_] for id_ in sorted(entries)])
        self.labels: IntArray = np.array([e.label for e in self._entries], dtype=np.int64)

    def _read_site(self, stem: str) -> list[SitedEntry]:
        """The samples of this split at one site."""
        table, divided = find_table(self.root, stem, self.split)
        entries = []
        for line in read_lines(table):
            name = line.filename()
            try:
                entries.append(self._read_entry(line, name))
            except UnknownCodeError:
                raise
            except NoImageError as error:
                self._skipped[sample_id(name)] = str(error)
            except DataError as error:
                self._record(sample_id(name), error)
        if not divided:
            return entries
        held = held_out({e.patient for e in entries})
        return [e for e in entries if (e.patient in held) == (self.split == "val")]

    @abstractmethod
    def _read_entry(self, line: Line, name: str) -> SitedEntry:
        """Read everything about the sample of one row of a csv but its image."""

    @abstractmethod
    def _decode(self, path: Path) -> Image:
        """Read the image of one sample."""

    def __getitem__(self, index: int) -> Sample:
        """Decode one sample.

        Raises:
            DataError: its image is broken, whatever `on_error` says.
        """
        entry = self._entries[index]
        return self._sample(index, self._decode(entry.path), entry.label, None)
