"""Predictions as the released FairCLIP saves them: `pred_gt_epNNN.npz`.

Arrays `val_pred` (n,), `val_gt` (n,) and `val_attr` (n, 4): codes of race, gender, ethnicity and
language, in this order (Luo et al., CVPR 2024).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fairness.arrays import Array, FloatArray
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, RACE, UNKNOWN
from fairness.datasets.npz import Npz
from fairness.errors import DataError

ATTRIBUTES = (RACE, GENDER, ETHNICITY, LANGUAGE)
"""In the order of the columns of `val_attr`."""
SCORE, LABEL, CODES = "val_pred", "val_gt", "val_attr"
ADVICE = "name a file that FairCLIP's evaluation wrote"


def read_original(path: Path) -> tuple[Any, tuple[str, ...]]:
    """A pyarrow table with target, score and the names of groups (null: unknown), and notes.

    Raises:
        DataError: an array is missing, of another shape, not finite, or holds an unknown code.
    """
    with Npz(path, ADVICE) as npz:
        score, label, codes = (_numbers(npz, key) for key in (SCORE, LABEL, CODES))
    score, label = (one[:, 0] if one.shape[1:] == (1,) else one for one in (score, label))
    n = len(score) if score.ndim else 0
    wanted = {SCORE: (n,), LABEL: (n,), CODES: (n, len(ATTRIBUTES))}
    for key, found in ((SCORE, score), (LABEL, label), (CODES, codes)):
        if found.shape != wanted[key] or not n:
            raise DataError(f"{path}: '{key}' has shape {found.shape}, not {wanted[key]}; {ADVICE}")
    columns: dict[str, Any] = {"target": _whole(path, LABEL, label, range(2)), "score": score}
    for place, attribute in enumerate(ATTRIBUTES):
        found = _whole(path, CODES, codes[:, place], range(UNKNOWN, len(attribute.groups)))
        names = (*attribute.groups, None)  # code -1 picks the null at the end
        columns[attribute.name] = pa.array([names[code] for code in found], type=pa.string())
    unknown = int((codes == UNKNOWN).any(axis=1).sum())
    note = (
        f"{unknown} rows hold the code -1, which FairCLIP's evaluation would count as one more "
        "group; here it is unknown, and --compat fairclip leaves these rows out"
    )
    return pa.table(columns), (note,) if unknown else ()


def _numbers(npz: Npz, key: str) -> FloatArray:
    array: Array = npz.array(npz.require(key))
    if array.dtype.kind not in "biuf":
        raise DataError(f"{npz.path}: '{key}' holds {array.dtype}, not numbers; {ADVICE}")
    numbers = array.astype(np.float64)
    if odd := np.flatnonzero(~np.isfinite(numbers)).tolist():
        row = odd[0] * (numbers.shape or (1,))[0] // numbers.size + 1
        raise DataError(f"{npz.path}: row {row} of '{key}' is not finite; {ADVICE}")
    return numbers


def _whole(path: Path, key: str, numbers: FloatArray, allowed: range) -> Array:
    for row, number in enumerate(numbers.tolist(), 1):
        if number not in allowed:
            raise DataError(
                f"{path}: row {row} of '{key}' holds {number:g}, not one of "
                f"{', '.join(map(str, allowed))}; {ADVICE}"
            )
    return numbers.astype(np.int64)
