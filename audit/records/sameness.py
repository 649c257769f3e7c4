"""Digests by which the same cases are recognised in another file, whatever its format and order.

That of ids and labels never leaves the data's owner: who knows the ids could guess a label with it.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from fairness.arrays import FloatArray, IntArray


def digests(ids: Sequence[str] | None, label: IntArray, score: FloatArray) -> tuple[str, ...]:
    """SHA-256 of the labels with the scores, and of the ids with the labels where there are ids.

    Args:
        ids: (n,) of the samples; None where the rows were only numbered.
        label: (n,), or (n, L) of several labels.
        score: (n,), or (n, K) of several labels or classes.
    """
    columns = np.column_stack([label, score + 0.0]).astype("<f8").T  # -0.0 is 0.0
    pairs = np.ascontiguousarray(columns[:, np.lexsort(columns[::-1])])
    found = [hashlib.sha256(b"scores" + pairs.tobytes()).hexdigest()]
    if ids is not None:
        found.append(digest_of_ids(ids, label))
    return tuple(found)


def digest_of_ids(ids: Sequence[str], label: IntArray) -> str:
    """SHA-256 of the ids with their labels, known before a model is asked."""
    lines = sorted(f"{id_}\n{k}" for id_, k in zip(ids, label.tolist(), strict=True))
    return hashlib.sha256("\n".join(["ids", *lines]).encode("utf-8", "replace")).hexdigest()
