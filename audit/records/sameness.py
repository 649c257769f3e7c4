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
        label: (n,) of 0/1.
        score: (n,).
    """
    score = score + 0.0  # -0.0 is 0.0
    order = np.lexsort((score, label))
    pairs = np.stack([label[order].astype("<f8"), score[order].astype("<f8")])
    found = [hashlib.sha256(b"scores" + pairs.tobytes()).hexdigest()]
    if ids is not None:
        found.append(digest_of_ids(ids, label))
    return tuple(found)


def digest_of_ids(ids: Sequence[str], label: IntArray) -> str:
    """SHA-256 of the ids with their labels, known before a model is asked."""
    lines = sorted(f"{id_}\n{k}" for id_, k in zip(ids, label.tolist(), strict=True))
    return hashlib.sha256("\n".join(["ids", *lines]).encode("utf-8", "replace")).hexdigest()
