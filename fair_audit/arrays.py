"""A report from arrays: they become a file of predictions, and `fair-audit report` reads it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fair_audit.result import Result
from fair_audit.through_commands import flags_of, in_folder
from fairness.errors import DataError, UsageError

RESERVED = ("id", "patient", "target", "score")


def report(
    y_true: Any,
    y_score: Any,
    *,
    groups: Mapping[str, Any],
    patients: Any = None,
    ids: Any = None,
    covariates: Mapping[str, Any] | None = None,
    threshold: float | None = None,
    name: str = "predictions",
    out: str | Path | None = None,
    **flags: object,
) -> Result:
    """A fairness report of scores: `fair-audit report`.

    Args:
        y_true: (n,) of 0/1. Like all columns an array, a list, a pandas series or a torch tensor.
        y_score: (n,), higher means more likely positive.
        groups: attribute to (n,) words or codes; None, NaN and the words of docs/data.md are
            unknown.
        patients: (n,); rows of one patient count together.
        ids: (n,), by which `compare` pairs two reports; without it, row numbers.
        covariates: name to (n,) numbers, for `control` and, named `age`, for `age_bins`.
        threshold: a score from it on is positive; 0.5 where scores lie in 0..1.
        name: of the model.
        out: folder of the run; without it, one that goes with the result.
        flags: those of the command, `_` for `-`: intersect="race*sex", policy="policy.yaml".

    Raises:
        FairAuditError: one line that says what is wrong.
    """
    columns: dict[str, Any] = {"target": y_true, "score": y_score}
    columns["id"] = np.arange(len(column(y_true))).astype(str) if ids is None else ids
    if patients is not None:
        columns["patient"] = patients
    for names in (groups, covariates or {}):
        for one in names:
            if one in (*RESERVED, *columns):
                raise UsageError(f"'{one}' would be there twice; rename the column")
        columns |= dict(names)
    table = {one: column(values) for one, values in columns.items()}
    lengths = {one: len(values) for one, values in table.items()}
    if len(set(lengths.values())) != 1:
        raise DataError(f"columns of different lengths: {lengths}")
    if not groups:
        raise UsageError("name at least one attribute in groups={...}")
    with TemporaryDirectory(prefix="fair-audit-") as folder:
        source = Path(folder) / "predictions.parquet"
        pq.write_table(pa.table(table), source)
        words = ["report", "--from", str(source), "--attributes", ",".join(groups), "--name", name]
        words += flags_of({"threshold": threshold, **flags})
        return in_folder(out, lambda to: [*words, "--out", str(to)])


def column(values: Any) -> Any:
    """(n,) as pyarrow takes it: numbers, texts, or None.

    Raises:
        DataError: it is no column.
    """
    if hasattr(values, "detach"):  # a torch tensor, on whatever device
        values = values.detach().cpu()
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        values = np.asarray(values)
        if values.ndim != 1:
            raise DataError(f"an array of shape {values.shape}, where a column (n,) is needed")
        values = values.tolist()
    if any(isinstance(value, str) for value in values):
        return [text(value) for value in values]
    return list(values)


def text(value: object) -> str | None:
    """A value of a column of texts: None and NaN are none."""
    nothing = value is None or (isinstance(value, float) and np.isnan(value))
    return None if nothing else str(value)
