"""Reads anybody's data: a csv or parquet table that names an image file in every row.

The table says what is what by its columns (`table_columns.py`); groups are the words that stand
there. The reader knows nothing of models: it is told whether labels or masks are wanted, and in
which shape the images.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np

from fairness.arrays import Array, Image, IntArray
from fairness.attributes import UNKNOWN, Attribute
from fairness.datasets.class_mask import MaskClasses, read_class_mask
from fairness.datasets.entries import Entries
from fairness.datasets.entry import Entry
from fairness.datasets.file_split import FileSplit
from fairness.datasets.image_file import ImageFiles
from fairness.datasets.marker import read_marker
from fairness.datasets.reader import Options
from fairness.datasets.table_columns import TableColumns
from fairness.datasets.table_files import placed_files, with_tags
from fairness.datasets.table_index import TableIndex
from fairness.datasets.table_inputs import ColumnInput, carrying, inputs_of
from fairness.datasets.table_rows import Opened, all_ids, open_table, rows_of, splits_in
from fairness.datasets.table_spacing import SPACING, spacing_of
from fairness.datasets.table_targets import Wanted, wanted_of
from fairness.datasets.table_values import TAKEN, Values, values_of
from fairness.errors import DataError
from fairness.samples import Sample
from fairness.tables.labels import unknown_labels
from fairness.text import one_line


class TableSplit(FileSplit):
    """One split of a table, sorted by id (`reader.Split`); images uint8 as stored, or resized."""

    default_target = "target"

    def __init__(
        self,
        path: Path,
        split: str,
        columns: TableColumns | None = None,
        *,
        known: Iterable[Attribute] = (),
        masks: bool = False,
        mask_classes: MaskClasses | None = None,
        labels: tuple[str, ...] | None = None,
        classes: tuple[str, ...] | None = None,
        fit: Callable[[Array], Array] | None = None,
        exact: bool = False,
        inputs: Mapping[str, ColumnInput] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Read the table, find its files, and read everything but the images.

        Args:
            path: of the table, csv or parquet.
            split: a value of the column of splits; `test` where there is no such column.
            columns: what is what.
            known: attributes to look for, too, whose groups keep their order.
            masks: whether the target is a mask instead of a label.
            mask_classes: what is in masks; None: those that the columns say, else those of an eye.
            labels: where there are several, their names; none: those of the columns.
            classes: where there are more than two, their names in the order of their numbers.
            fit: resizes every image to `shape`.
            exact: images are float32 grey levels 0..255, never rounded, instead of uint8.
            inputs: what samples carry for a model beside the image, by the name of the tensor.
            options: as `Options`; the target is the column of labels where no other is named.

        Raises:
            UsageError: a column is not there, or cannot be what it is named for.
            DataError: the table cannot be read, or a row is unusable; names file and row.
        """
        super().__init__(path, split, options)
        self._said = said = columns or TableColumns()
        self.mask_classes = mask_classes or MaskClasses.said_by(said.mask_values)
        if masks:
            self.mask_classes = self.mask_classes.named(said.mask_values)
        self._fit, self.name = fit, one_line(path.name)
        self.image_type = np.dtype(np.float32 if exact else np.uint8)
        self._files = _files(said, self._shape, options.get("channels", 1), exact)
        opened = open_table(path, said)
        ids, rows = all_ids(opened), rows_of(opened, split).tolist()
        faults: dict[int, str] = {}
        images = placed_files(opened, opened.file, rows, faults)
        files = TableIndex(path, split, said, self._files, is_used=options.get("index", True))
        opened = with_tags(opened, images, faults, files.tags, files.distances if masks else None)
        wanted = wanted_of(opened, self.target, masks, labels, classes)
        self.target, self.label_names = ",".join(wanted.columns), wanted.names
        drawn = placed_files(opened, self.target, rows, faults) if masks else {}
        values = self._values(opened, ids, rows, wanted, known, faults)
        beside = inputs_of(opened, inputs or {}, values.changes, rows, faults)
        self.attributes = values.attributes
        here = None if values.labels is None else values.labels[rows]
        unknown = unknown_labels(wanted.names, here)
        self.notes = (*values.notes, *unknown, *_notes(opened, len(rows)))
        self._keep_rows(opened, ids, values, images, drawn, faults, beside, files)
        self.notes = (*self.notes, *files.save())

    def _keep_rows(
        self,
        opened: Opened,
        ids: list[str],
        values: Values,
        images: dict[int, Path],
        drawn: dict[int, Path],
        faults: dict[int, str],
        beside: Mapping[int, Mapping[str, Array]],
        files: TableIndex,
    ) -> None:
        """Keep the usable ones of the rows of `beside`, sorted by id; others are recorded."""
        entries = {}
        for row in beside:
            try:
                if row in faults:
                    raise DataError(faults[row])
                content = files.contents(images[row], drawn.get(row))
                entry = self._entry(ids[row], row, values, images[row], *content)
                entries[row] = carrying(entry, beside[row])
            except DataError as error:
                named = error if row in faults else DataError(opened.fault(row, error))
                self._record(ids[row], named)
        order = sorted(entries, key=ids.__getitem__)
        self._row_of = {ids[row]: row + 1 for row in order}
        kept = np.array(order, dtype=np.int64)
        self.reader_labels = {name: codes[kept] for name, codes in values.reader_labels.items()}
        self._masks = {ids[row]: drawn[row] for row in order if row in drawn}
        self._keep(Entries(entries[row] for row in order))

    def _values(
        self,
        opened: Opened,
        ids: list[str],
        rows: list[int],
        wanted: Wanted,
        known: Iterable[Attribute],
        faults: dict[int, str],
    ) -> Values:
        """What the columns say; where there are masks, with the sizes of pixels as covariates."""
        masks = wanted.kind == "mask"
        taken = frozenset({*TAKEN, *self.mask_classes.scores}) if masks else TAKEN
        found = values_of(opened, ids, wanted, known, faults, taken)
        if not masks:
            return found
        others = {n: c for n, c in found.covariates.items() if n not in SPACING}
        return replace(found, covariates={**others, **spacing_of(opened, rows, faults)})

    def _entry(
        self,
        id_: str,
        row: int,
        values: Values,
        image: Path,
        content: list[str],
        shape: tuple[int, ...],
    ) -> Entry:
        """Everything about one row but its image and mask."""
        codes = {a.name: int(values.codes[a.name][row]) for a in values.attributes}
        words = {a.name: a.label(codes[a.name]) for a in values.attributes}
        found = UNKNOWN if values.labels is None else values.labels[row].tolist()
        label, several = (UNKNOWN, tuple(found)) if isinstance(found, list) else (found, ())
        said = f"{id_} {content} {several or label} {sorted(words.items())} {self._said.decoding()}"
        covariates = {name: float(column[row]) for name, column in values.covariates.items()}
        sizes = "".join(
            f" {covariates[n]}" for n in SPACING if len(content) == 2 and n in covariates
        )
        of_readers = {name: int(codes[row]) for name, codes in values.reader_labels.items()}
        said += f" {self.mask_classes}{sizes}{of_readers or ''}"
        return Entry(
            id=id_,
            path=image,
            codes=codes,
            covariates=covariates,
            patient=values.patients[row],
            digest=hashlib.sha256(said.encode()).digest(),
            image_checksum=content[0],
            shape=(self._shape or shape) if self._fit and shape else shape,
            label=label,
            labels=several,
        )

    def _read(self, entry: Entry) -> Sample:
        """Decode one sample; arguments and errors of `FileSplit._read`, which name the row, too."""
        try:
            return super()._read(entry)
        except DataError as error:
            raise DataError(f"{self.root} row {self._row_of[entry.id]}: {error}") from None

    def _decoding(self) -> str | None:
        """With the resizing; None where it is a function that says nothing of itself."""
        fit = self._fit
        if fit is not None and not isinstance(fit, partial):
            return None
        resizing = "" if fit is None else f"{fit.func.__qualname__} {fit.args} {fit.keywords}"
        return f"{super()._decoding()} {self._files} {resizing}"

    def _content(self, index: int) -> str:
        # With a mask, what its numbers mean counts as well; that is in the digest alone.
        has_mask = self.ids[index] in self._masks
        return super()._content(index) if has_mask else self.image_checksums[index]

    def _decode(self, entry: Entry) -> tuple[Array, int | IntArray | Image]:
        image = self._files.read(entry.path)
        if self._fit is not None:
            image = self._fit(image)
        if entry.id not in self._masks:
            return image, np.array(entry.labels) if entry.labels else entry.label
        path = self._masks[entry.id]
        mask = read_class_mask(path, self._said.mask_key, self.mask_classes)
        if mask.shape != image.shape[:2]:
            raise DataError(
                f"{path}: has shape {mask.shape}, its image {image.shape[:2]}, expected the same; "
                "correct it, or go on without it by --on-error skip"
            )
        return image, mask

    def statement(self) -> str | None:
        """Statement of synthetic data beside the table about themselves; None for others."""
        statement = read_marker(self.root.parent).get("statement")
        return statement if isinstance(statement, str) else None


def _files(
    said: TableColumns, shape: tuple[int, ...] | None, channels: int, exact: bool
) -> ImageFiles:
    is_volume = shape is not None and len(shape) == 3 and channels == 1
    axes = "D, H, W" if is_volume else "H, W"
    return ImageFiles(axes, said.image_key, said.window, channels, exact)


def _notes(opened: Opened, rows: int) -> Iterator[str]:
    """What the user should know about how the table is taken."""
    said = opened.said
    if said.beside is not None:
        yield f"{said.beside} says what columns are, where flags do not"
    if not splits_in(opened):
        yield f"{opened.path}: no column of splits, so all {rows} rows are read"
    if said.window is not None:
        low, high = said.window
        yield f"images of more than 8 bits: {low:g} is black, {high:g} white"
