"""Flags that say what the columns of a table of images are."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, TypeAlias

import tyro

from audit.flags import CommaNames, Words
from audit.table_wanted import check_no_image
from fairness.datasets.table_columns import ENDINGS, TableColumns, columns_of
from fairness.errors import UsageError

Rules: TypeAlias = Annotated[
    tuple[Annotated[str, tyro.conf.arg(metavar="COLUMN:OLD=NEW,...")], ...],
    tyro.conf.UseAppendAction,
]
"""Rules as words, by a flag that may come several times; read with those of `data.yaml`."""


@dataclass(frozen=True)
class TableFlags:
    """Where --data is a table; each may stand in data.yaml beside it instead."""

    file: str | None = None
    """Column of the image's file, relative to the table's folder; usually `file`."""
    id: str | None = None
    """Column of the sample's id; usually `id`, absent: the file's name."""
    target: str | None = None
    """Column of the label; usually what the model predicts, else `target`.

    Of several labels: their columns, separated by commas. `fair-audit inspect` of a folder: its
    key.
    """
    reader_labels: CommaNames = ()
    """Columns of the labels of several readers, in place of --target: r1,r2,r3; blank where a
    reader did not read. The label is that of most; adds how far they agree, and each by itself."""
    target_separator: str | None = None
    """Where one column lists several labels, the text between them, such as the bar of
    `Mass|Nodule`."""
    uncertain: Annotated[str | None, tyro.conf.arg(metavar="ignore|positive|negative")] = None
    """What -1 counts as, where there are several labels; usually ignore, as a blank does."""
    mask: str | None = None
    """Column of the mask's file: PNG, TIFF, npy or npz; usually `mask`."""
    site: str | None = None
    """Column of the hospital or device, one more attribute."""
    patient: str | None = None
    """Column of the patient; usually `patient`, absent: each image is a patient of its own."""
    covariates: CommaNames = ()
    """Columns of numbers, for --control and --age-bins; without it, all further ones."""
    split_column: str | None = None
    """Column in which --split is looked for; usually `split`, absent: all rows are audited."""
    positive: str | None = None
    """Value of the label that counts as positive; 1."""
    unknown: Words = ()
    """Further words for an unknown group, besides those of docs/data.md: U,X."""
    map: Rules = ()
    """Read a text as another: sex:F=Female,sex:M=Male; unknown as the new text is allowed."""
    images: Path | None = None
    """Folder below which the files lie; without it, that of the table."""
    image_key: str | None = None
    """Name of the image's array, in npz files with several."""
    mask_key: str | None = None
    """Name of the mask's array, in npz files with several."""
    window: Annotated[str | None, tyro.conf.arg(metavar="LOW,HIGH")] = None
    """Black and white of images of more than 8 bits: 0,4095, or centre=40,width=400.

    Without it, DICOM files have their own first window, and others of more than 8 bits are refused.
    """
    mask_values: Annotated[str | None, tyro.conf.arg(metavar="N=CLASS,...")] = None
    """Numbers in masks: 0=background,128=heart,255=lung; without it, those of the model."""
    spacing: Annotated[str | None, tyro.conf.arg(metavar="MM,MM|COL,COL|pixels")] = None
    """Size of a pixel, rows then columns: distances between masks are then in mm.

    Without it `spacing_row` and `spacing_column`; `pixels` leaves these out.
    """


def is_table(path: Path | None) -> bool:
    """Whether data are a table: a file, or a path that is named like one."""
    return path is not None and (path.is_file() or path.name.lower().endswith(ENDINGS))


def texts_of(flags: TableFlags, attributes: CommaNames = ()) -> Mapping[str, str]:
    """The flags that are given, by name, as texts."""
    said = {field.name: getattr(flags, field.name) for field in fields(flags)}
    said |= {"attributes": attributes, "unknown": [w for words in flags.unknown for w in words]}
    return {
        name: ",".join(value) if isinstance(value, tuple | list) else str(value)
        for name, value in said.items()
        if value not in (None, (), [])
    }


def table_columns(table: Path, flags: TableFlags, attributes: CommaNames) -> TableColumns:
    """What flags, and `data.yaml` beside a table, say of its columns.

    Raises:
        UsageError: a text cannot be followed, or the file is no table but an image or an archive.
    """
    check_no_image(table)
    return columns_of(table, texts_of(flags, attributes))


def check_no_flags(flags: TableFlags, data: Path | None) -> None:
    """Refuse flags of a table where the data are none.

    Raises:
        UsageError: there is one.
    """
    if given := texts_of(flags):
        name = next(iter(given)).replace("_", "-")
        raise UsageError(
            f"--{name} is of tables, and --data {data or 'without a file'} is none; name a csv or "
            "parquet file with --data"
        )
