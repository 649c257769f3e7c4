"""The size of a pixel of each image in mm, by which distances between masks are no pixels."""

from collections.abc import Iterable, Mapping

import numpy as np

from fairness.arrays import FloatArray
from fairness.datasets.table_rows import Opened
from fairness.datasets.table_values import measurements
from fairness.errors import UsageError
from fairness.tables.words import PIXELS

SPACING = ("spacing_row", "spacing_column")
"""Covariates: mm between neighbouring rows, and between neighbouring columns."""


def spacing_of(
    opened: Opened, rows: Iterable[int], faults: dict[int, str]
) -> Mapping[str, FloatArray]:
    """The covariates of `SPACING`, (n,) of all rows; empty where distances are in pixels.

    Args:
        opened: the table.
        rows: of the split.
        faults: gets a reason for each of them without a size.

    Raises:
        UsageError: one column is there without the other.
    """
    said, size = opened.said.spacing, opened.table.num_rows
    if said == PIXELS:
        return {}
    if said is not None and not isinstance(said[0], str):
        return {name: np.full(size, mm) for name, mm in zip(SPACING, said, strict=True)}
    names = said or SPACING
    there = [opened.named(None if said is None else name, name) for name in names]
    if said is None and None in there:
        if any(there):
            raise UsageError(
                f"{opened.path}: column '{next(filter(None, there))}' stands alone; add the other "
                f"one of {' and '.join(SPACING)}, or measure in pixels with --spacing {PIXELS}"
            )
        return {}
    found = [measurements(opened, str(name), {}, faults) for name in names]
    chosen = list(rows)
    if said is None and not any(np.isfinite(column[chosen]).any() for column in found):
        return {}
    for name, column in zip(names, found, strict=True):
        for row in chosen:
            if not 0 < column[row] < np.inf:
                value = "blank" if np.isnan(column[row]) else f"{column[row]:g}"
                faults.setdefault(
                    row,
                    opened.fault(
                        row,
                        f"'{name}' is {value}, expected mm between pixels; correct it, measure all "
                        f"in pixels with --spacing {PIXELS}, or use --on-error skip",
                    ),
                )
    return dict(zip(SPACING, found, strict=True))
