"""A split that is a set of npz files, found by lists, folders or `data_summary.csv`."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import ClassVar, Unpack

from fairness.datasets.entries import Entries
from fairness.datasets.entry import Entry
from fairness.datasets.entry_rows import indexed
from fairness.datasets.file_split import FileSplit
from fairness.datasets.folder_index import FolderIndex
from fairness.datasets.further import Row, unlisted, with_own_words, with_words
from fairness.datasets.npz import is_unicode
from fairness.datasets.reader import Options
from fairness.datasets.splits import find_files, has_files, is_held_out, rows_by_file
from fairness.datasets.uncollected import uncollected
from fairness.datasets.values import UnknownCodeError
from fairness.errors import DataError
from fairness.text import printable


class NpzSplit(FileSplit):
    """A split that is a set of npz files, found by lists, folders or `data_summary.csv`."""

    holds_out: ClassVar[bool] = False
    """Whether a tenth of the training patients is the validation split where there is none."""

    def __init__(self, root: Path, split: str, **options: Unpack[Options]) -> None:
        """Find the files and read everything but the images.

        Args:
            root: the folder that holds the files, their lists, or the split folders.
            split: `train`, `val` or `test`.
            options: as `Options`; the target is an npz key.

        Raises:
            UsageError: there is no such split or attribute.
            DataError: the split is missing, a file is unusable, or a group code is unknown.
        """
        super().__init__(root, split, options)
        self._further = unlisted(options.get("further", ()), self.attributes)
        rows: Mapping[str, Row] = rows_by_file(self.root) if self._further else {}
        self._columns = tuple(dict.fromkeys(name for row in rows.values() for name in row))
        carves = self.holds_out and split in ("train", "val")
        self.is_carved = carves and not has_files(self.root, "val")
        index = self._index(options)
        with uncollected() if index.is_filled else nullcontext():
            entries = self._opened(split, index, rows)
            self._keep(entries)
        index.save()
        self.notes = (*self.notes, *filter(None, [index.note]))

    def _opened(self, split: str, index: FolderIndex, rows: Mapping[str, Row]) -> Entries:
        """The entries of all usable files of the split, in the order of their names."""
        entries = Entries()
        for path in find_files(self.root, "train" if self.is_carved else split):
            try:
                require_unicode(path)
                entry = self._completed(indexed(path, index, self._own_entry))
                entry = with_words(entry, self._further, rows.get(path.stem))
            except UnknownCodeError:
                raise
            except DataError as error:
                self._record(printable(path.stem), error)
                continue
            if not self.is_carved or is_held_out(entry.patient) == (split == "val"):
                entries.add(entry)
        return entries

    def _own_entry(self, path: Path) -> Entry:
        """Everything that one file says but its image and mask."""
        return with_own_words(self._read_entry(path), self._further)

    def _completed(self, entry: Entry) -> Entry:
        """The entry with what its file alone does not say."""
        return entry

    @abstractmethod
    def _read_entry(self, path: Path) -> Entry:
        """Read everything about the sample of one file but its image, mask and text."""


def require_unicode(path: Path) -> None:
    """Refuse a file whose name has bytes that are no characters, as old archives leave them.

    Raises:
        DataError: it has; ids, checksums and reports could not be written.
    """
    if not is_unicode(path.name):
        raise DataError(
            f"{printable(str(path))}: the name has bytes that are no UTF-8, here as blanks; rename "
            "it, or go on without it by --on-error skip"
        )
