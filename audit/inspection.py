"""Counts groups by label, and the gaps that they could show, before any inference."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from audit.content import content_findings, read_content
from fairness.arrays import Array, IntArray
from fairness.attributes import UNKNOWN, UNKNOWN_LABEL
from fairness.datasets.catalogue import SPLITS, open_split
from fairness.datasets.class_mask import NUMBERED
from fairness.datasets.reader import Split
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.datasets.table_rows import open_table, splits_in
from fairness.errors import DataError
from fairness.statistics.power import detectable_auc_gap, detectable_rate_gap

LISTED = 20
"""Unusable files of a split that are named."""


@dataclass(frozen=True)
class GroupCounts:
    """One group of one split, and the gaps to the other groups that it could show."""

    attribute: str
    group: str
    n: int
    patients: int
    positive: int | None
    """None of masks."""
    auc_gap: float
    """Smallest AUC difference that would probably be found (80 % power); NaN if none could.

    As if each patient had one image a label: several of them make it smaller.
    """
    rate_gap: float
    """The same for the true positive rate."""


def inspect_folder(
    dataset: str, root: Path, target: str | None, further: tuple[str, ...], console: Console
) -> None:
    """Print groups by label for every split, then what is wrong with the data.

    `further` names keys or columns that become attributes, beside those of the reader.

    Raises:
        UsageError: there is no such data set or attribute.
        DataError: there is no split at all.
    """

    def opened(name: str) -> Split:
        return open_split(dataset, root, name, target=target, on_error="skip", further=further)

    inspect_splits(root, SPLITS, opened, console)


def inspect_table(table: Path, columns: TableColumns, console: Console) -> None:
    """The same of every split that a table names, or of all its rows.

    Raises:
        UsageError: a column is not there, or cannot be what it is named for.
        DataError: no split can be read.
    """
    found = open_table(table, columns)
    masks = columns.mask is not None or found.named(columns.target, "target") is None
    masks = masks and found.named(columns.mask, "mask") is not None
    several = "," in (columns.target or "") or columns.target_separator is not None
    labels = () if several else None
    classes = None if columns.mask_values else NUMBERED

    def opened(name: str) -> Split:
        return TableSplit(
            table,
            name,
            columns,
            masks=masks,
            mask_classes=classes,
            labels=labels,
            on_error="skip",
        )

    inspect_splits(table, sorted(splits_in(found)) or ["test"], opened, console)


def inspect_splits(
    root: Path, names: Iterable[str], opened: Callable[[str], Split], console: Console
) -> None:
    """Print groups by label for every split that can be opened, then what is wrong with the data.

    Raises:
        DataError: there is no split at all.
    """
    splits = []
    for name in names:
        try:
            splits.append(opened(name))
        except DataError as error:
            console.print(f"{name}: {error}", highlight=False, markup=False)
    if not splits:
        raise DataError(f"{root}: no split can be read; see docs/data.md for the layouts")
    notes = dict.fromkeys(note for split in splits for note in split.notes)
    for note in notes:
        console.print(f"note: {note}", highlight=False, markup=False)
    for split in splits:
        print_counts(split, console)
    contents = [read_content(split, console) for split in splits]
    for line in (*findings(splits), *content_findings(contents)):
        console.print(line, highlight=False, markup=False)


def group_counts(split: Split, label: int | None = None) -> list[GroupCounts]:
    """Every group that has samples, and the unknown; of several labels by the number of one."""
    patients = np.array(split.patients)
    y = split.labels if split.labels is not None else np.zeros(len(split), dtype=np.int64)
    y = y if label is None else y[:, label]
    counts = []
    for attribute in split.attributes:
        codes = split.codes[attribute.name]
        for code in (*range(len(attribute.groups)), UNKNOWN):
            inside, others = codes == code, (codes != code) & (codes != UNKNOWN)
            inside, others = inside & (y >= 0), others & (y >= 0)
            if not inside.any():
                continue
            sizes, rest = (people_by_label(y[rows], patients[rows]) for rows in (inside, others))
            comparable = code != UNKNOWN
            counts.append(
                GroupCounts(
                    attribute=attribute.name,
                    group=attribute.label(code),
                    n=int(inside.sum()),
                    patients=np.unique(patients[inside]).size,
                    positive=None if split.labels is None else int((y[inside] == 1).sum()),
                    auc_gap=detectable_auc_gap(sizes, rest) if comparable else np.nan,
                    rate_gap=detectable_rate_gap(sizes[0], rest[0]) if comparable else np.nan,
                )
            )
    return counts


def people_by_label(labels: IntArray, patients: Array) -> tuple[int, int]:
    """Patients with positive and with negative images: what a gap can rest on, at the least."""
    return np.unique(patients[labels == 1]).size, np.unique(patients[labels == 0]).size


def print_counts(split: Split, console: Console) -> None:
    """One table a split, or one a label."""
    title = f"{split.split}: {len(split)} images"
    if split.labels is None or split.labels.ndim == 1:
        print_table(title, group_counts(split), console)
        return
    for k, label in enumerate(split.label_names):
        known = int((split.labels[:, k] >= 0).sum())
        said = f"{title}, {known} with {label} known"
        print_table(said, group_counts(split, k), console)


def print_table(title: str, counts: Sequence[GroupCounts], console: Console) -> None:
    """Groups by label."""
    table = Table("attribute", "group", title=escape(title))
    for column in ("n", "patients", "positive", "detectable AUC gap", "detectable TPR gap"):
        table.add_column(column, justify="right")
    previous = None
    for row in counts:
        if previous is not None and row.attribute != previous:
            table.add_section()
        name = row.attribute if row.attribute != previous else ""
        gaps = [f"{gap:.2f}" if gap < 1 else "-" for gap in (row.auc_gap, row.rate_gap)]
        positive = "-" if row.positive is None else str(row.positive)
        table.add_row(
            escape(name), escape(row.group), str(row.n), str(row.patients), positive, *gaps
        )
        previous = row.attribute
    console.print(table)


def findings(splits: Sequence[Split]) -> list[str]:
    """What a reviewer would ask about: unreadable, unknown, duplicated, leaking."""
    lines = []
    for split in splits:
        skipped = [f"{split.split}: {id_} unusable: {reason}" for id_, reason in split.skipped]
        lines += skipped[:LISTED]
        if len(skipped) > LISTED:
            lines.append(f"{split.split}: {len(skipped) - LISTED} more unusable files")
        for attribute in split.attributes:
            unknown = int((split.codes[attribute.name] == UNKNOWN).sum())
            if unknown:
                share = unknown / len(split)
                lines.append(f"{split.split}: {attribute.name} {UNKNOWN_LABEL} for {share:.1%}")
    images = Counter(c for split in splits for c in split.image_checksums)
    repeated = sum(count - 1 for count in images.values())
    lines.append(f"images that repeat another one: {repeated}")
    seen: dict[str, set[str]] = defaultdict(set)
    for split in splits:
        for patient in split.patients:
            seen[patient].add(split.split)
    crossing = sum(len(where) > 1 for where in seen.values())
    lines.append(f"patients in more than one split: {crossing}")
    return lines
