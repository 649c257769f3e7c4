"""What the files of a table say when it is opened: read once, or known from the last opening."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from fairness.datasets.class_mask import mask_shape
from fairness.datasets.code_version import decoders
from fairness.datasets.dicom import is_dicom
from fairness.datasets.dicom_tags import dicom_spacing, dicom_tags
from fairness.datasets.file_rows import (
    Content,
    Distances,
    Tags,
    distances_of,
    sound_content_of,
    tags_of,
)
from fairness.datasets.folder_index import FolderIndex, remembered
from fairness.datasets.image_file import ImageFiles
from fairness.datasets.row_blocks import Row
from fairness.datasets.table_columns import TableColumns
from fairness.datasets.table_files import digest_of
from fairness.errors import DataError

T = TypeVar("T", Content, Distances, Tags)


class TableIndex:
    """What the files of one split of a table say; each function takes the path of one.

    They raise DataError where the file cannot be used, and UsageError where it is DICOM and pydicom
    is not installed. Every one has an index of its own, as each is asked at another time.
    """

    def __init__(
        self, table: Path, split: str, said: TableColumns, files: ImageFiles, *, is_used: bool
    ) -> None:
        """Open the indexes.

        Args:
            table: a csv or parquet file.
            split: that is read of it.
            said: what its columns are.
            files: how its images are read.
            is_used: whether there are any indexes.
        """
        self._indexes: list[FolderIndex] = []
        root, key = said.images or table.parent, said.mask_key
        read_image, read_mask = partial(_image, files), partial(_mask, key)

        def known(
            kind: str, read: Callable[[Path], T], of_row: Callable[[Row], T], width: int
        ) -> Callable[[Path], T]:
            kind = f"table {kind} {table.resolve()} {split} {decoders()}"
            index = FolderIndex(root, kind, width, is_used=is_used)
            self._indexes.append(index)
            # Several rows may name one file.
            return cache(partial(remembered, index=index, read=read, row_of=tuple, of_row=of_row))

        how = f"{files.key} {files.window} {files.channels}"
        self.image = known(f"images {how}", read_image, sound_content_of, 2)
        self.mask = known(f"masks {key}", read_mask, sound_content_of, 2)
        self.tags = known("tags", _tags, tags_of, 1)
        self.distances = known("distances", _distances, distances_of, 1)

    def contents(self, image: Path, mask: Path | None) -> tuple[list[str], tuple[int, ...]]:
        """Checksums of an image and its mask, and the shape of the image.

        Raises:
            DataError: they cannot be read, or the mask is not of the image's shape.
        """
        checksum, shape = self.image(image)
        if mask is None:
            return [checksum], shape
        if not shape:
            return [checksum, digest_of(mask)], ()
        drawn = self.mask(mask)
        if drawn.shape and len(drawn.shape) != 2:
            raise DataError(
                f"{mask}: has shape {drawn.shape}, expected one number a pixel (H, W); masks are "
                "of pictures, no volumes: store each slice as one, or use --on-error skip"
            )
        if drawn.shape and drawn.shape != shape[:2]:
            raise DataError(
                f"{mask}: has shape {drawn.shape}, its image {shape[:2]}, expected the same; "
                "correct it, or go on without it by --on-error skip"
            )
        return [checksum, drawn.checksum], shape

    def save(self) -> tuple[str, ...]:
        """Write what is new; gives what the user should know."""
        for index in self._indexes:
            index.save()
        return tuple(dict.fromkeys(index.note for index in self._indexes if index.note))


def _image(files: ImageFiles, path: Path) -> Content:
    try:
        shape = files.shape(path)
    except DataError:
        shape = ()  # found broken when it is decoded
    return Content(digest_of(path), shape)


def _mask(key: str | None, path: Path) -> Content:
    shape = mask_shape(path, key)
    return Content(digest_of(path), shape)


def _tags(path: Path) -> Tags:
    return Tags(dicom_tags(path) if is_dicom(path) else None)


def _distances(path: Path) -> Distances:
    return Distances(dicom_spacing(path) if is_dicom(path) else None)
