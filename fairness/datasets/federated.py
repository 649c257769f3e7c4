"""One split of a federated data set (FairFedMed) over some or all of its sites.

The base of the readers of its two parts. The site is a last attribute of every sample. Where a
site has no validation csv, a tenth of the patients of its training csv (`sites.held_out`) is read
as `val` and left out of `train`, because thresholds and epochs are chosen on it.
"""

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import ClassVar, Unpack

from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.datasets.decode import FORMATS
from fairness.datasets.entries import Entries
from fairness.datasets.entry import Entry
from fairness.datasets.file_split import FileSplit
from fairness.datasets.further import unlisted, with_words
from fairness.datasets.reader import Options
from fairness.datasets.sites import Line, find_sites, find_table, held_out, read_lines
from fairness.datasets.splits import SPELLINGS
from fairness.datasets.values import UnknownCodeError
from fairness.errors import DataError, UsageError

SUFFIXES = (".npz", *FORMATS)


class NoImageError(DataError):
    """A sample without this kind of image: no fault, so left out and counted in any case."""


def sample_id(name: str) -> str:
    """A path without the ending of an image file: names alone may repeat in other folders."""
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix.lower() in SUFFIXES else name


class FederatedSplit(FileSplit):
    """One split over some or all sites."""

    prefix: ClassVar[str]
    """What stands before a site's name in the names of the csv files."""
    recorded: ClassVar[tuple[Attribute, ...]]
    """The attributes that the files record; `site` is added to them."""
    labels: IntArray

    def __init__(self, root: Path, split: str, **options: Unpack[Options]) -> None:
        """Find the samples and read everything but the images.

        Args:
            root: the folder that holds the csv files of the sites.
            split: `train`, `val` or `test`.
            options: as `Options`; the target is the npz key or csv column of a 0/1 label.

        Raises:
            UsageError: there is no such split, attribute or site.
            DataError: a csv is missing, a file is unusable, or a group code is unknown.
        """
        attribute, sites = options.get("attribute", "race"), options.get("sites")
        if split not in SPELLINGS:
            raise UsageError(f"unknown split '{split}'; use one of {', '.join(SPELLINGS)}")
        if attribute not in (names := [a.name for a in self.recorded]):
            raise UsageError(f"no attribute '{attribute}' here; use one of {', '.join(names)}")
        super().__init__(root, split, options)
        groups = find_sites(self.root, self.prefix, attribute)
        if absent := set(sites or ()) - set(groups):
            raise UsageError(f"{root}: no site '{min(absent)}'; there are {', '.join(groups)}")
        self.attributes = (*self.recorded, Attribute("site", groups))
        self._further = unlisted(options.get("further", ()), self.attributes)
        self._known = self._index(options)
        entries: dict[str, Entry] = {}
        for code, site in enumerate(groups):
            if sites is None or site in sites:
                for entry in self._read_site(f"meta_{self.prefix}{site}_{attribute}"):
                    if entry.id in entries:
                        raise DataError(
                            f"{entry.path} comes twice in the {split} split, at last at site "
                            f"{site}; correct its csv files"
                        )
                    entries[entry.id] = replace(entry, codes={**entry.codes, "site": code})
        self._known.save()
        self._keep(Entries(entries[id_] for id_ in sorted(entries)))
        self.notes = (*self.notes, *filter(None, [self._known.note]))

    def _read_site(self, stem: str) -> list[Entry]:
        """The samples of this split at one site."""
        table, divided = find_table(self.root, stem, self.split)
        entries = []
        for line in read_lines(table):
            name = line.filename()
            if self._further:
                self._columns = tuple(dict.fromkeys((*self._columns, *line.values)))
            try:
                entry = self._read_entry(line, name)
                entries.append(with_words(entry, self._further, line.values))
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
    def _read_entry(self, line: Line, name: str) -> Entry:
        """Read everything about the sample of one row of a csv but its image."""
