"""The server's arithmetic: new global tensors from the updates of the sites.

As the released code of FairLoRA (Li et al., IEEE TMI 2025) does it. Sums are taken in float64 and
in the order of the partitions, so the order of the replies changes no bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from fairness.arrays import Array, FloatArray
from fairness.errors import DataError

Tensors: TypeAlias = dict[str, Array]
"""Trainable tensors by name; those whose name ends with `.S` are (G, r), a row a group."""

GROUP_ROWS = ".S"


@dataclass(frozen=True, kw_only=True)
class Update:
    """Result of a site's local epoch, as sent to the server."""

    partition: int
    """Number of the site, 0..K-1."""
    tensors: Tensors
    examples: int
    """Training samples behind it."""
    group_counts: tuple[int, ...] = ()
    """Of these samples by group, (G,), small cells as 0; empty for a method without groups."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Settings of the aggregation of updates into a global model."""

    s_weighting: Literal["group_counts", "client_size"] = "group_counts"
    """Weight of a site in a group's row of S: its share of the group, or of all samples."""
    shared_half: bool = True
    """The first half of each row of S is the same for all groups."""
    ema_beta: float = 0.999
    """Round t of T keeps the share ema_beta * t / T of the old model; 0: none."""


def ema_weight(beta: float, done: int, rounds: int) -> float:
    """Weight of the old global model in a round before which `done` of `rounds` were done."""
    return beta * done / rounds


def aggregate(
    old: Mapping[str, Array], updates: Sequence[Update], rule: Rule, done: int, rounds: int
) -> Tensors:
    """The new global tensors, each in its own dtype.

    A group of which no site has a sample keeps its old row of S.

    Args:
        old: the global tensors that the sites started from.
        updates: of the sites that answered, in any order.
        rule: the weights.
        done: rounds finished before this one.
        rounds: of the whole run.

    Raises:
        DataError: there is no update, one does not fit (`check`), or no site has a sample.
    """
    ordered = sorted(updates, key=lambda update: update.partition)
    for update in ordered:
        check(update, old, ordered[0])
    sizes = np.array([update.examples for update in ordered], dtype=np.float64)
    if not sizes.sum() > 0:
        raise DataError("no site has a training sample to learn from; check their data")
    old_share = ema_weight(rule.ema_beta, done, rounds)
    new = {}
    for name, before in old.items():
        stacked = np.stack([update.tensors[name].astype(np.float64) for update in ordered])
        if name.endswith(GROUP_ROWS) and ordered[0].group_counts:
            average = _average_rows(stacked, before, _row_weights(ordered, sizes, rule))
            if rule.shared_half:
                half = average.shape[1] // 2
                average[:, :half] = average[:, :half].mean(axis=0)
        else:
            average = np.tensordot(sizes / sizes.sum(), stacked, axes=1)
        mixed = (1 - old_share) * average + old_share * before.astype(np.float64)
        new[name] = mixed.astype(before.dtype)
    return new


def check(update: Update, old: Mapping[str, Array], first: Update) -> None:
    """Refuse an update that cannot be averaged.

    Raises:
        DataError: names or shapes are not those of the global tensors, a value is not finite, or
            the group counts are negative or as many as neither `first` nor the rows of S.
    """
    site = f"the update of partition {update.partition}"
    if update.tensors.keys() != old.keys():
        odd = min(update.tensors.keys() ^ old.keys())
        raise DataError(f"{site}: tensor {odd} is missing or not asked for; same method there?")
    counts = update.group_counts
    if len(counts) != len(first.group_counts) or min((update.examples, *counts)) < 0:
        raise DataError(f"{site}: group counts {counts} do not fit {first.group_counts}")
    for name, before in old.items():
        value = update.tensors[name]
        if value.shape != before.shape or value.dtype != before.dtype:
            found, wanted = (f"{a.dtype} {a.shape}" for a in (value, before))
            raise DataError(f"{site}: {name} is {found}, not {wanted}; same settings there?")
        if not np.isfinite(value).all():
            raise DataError(f"{site}: {name} is not finite; its training diverged")
        if counts and name.endswith(GROUP_ROWS) and len(counts) != len(before):
            raise DataError(f"{site}: {len(counts)} group counts for {len(before)} rows of {name}")


def _row_weights(ordered: Sequence[Update], sizes: FloatArray, rule: Rule) -> FloatArray:
    """Weights (K, G) of the sites in each group's row; a column sums to 1, or to 0 without data."""
    counts = np.array([update.group_counts for update in ordered], dtype=np.float64)
    weights = (
        counts if rule.s_weighting == "group_counts" else np.tile(sizes[:, None], counts.shape[1])
    )
    totals = weights.sum(axis=0)
    return np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)


def _average_rows(stacked: FloatArray, before: Array, weights: FloatArray) -> FloatArray:
    """Rows (G, r) of S (K, G, r) averaged by (K, G) weights; those without weight stay."""
    average: FloatArray = np.einsum("kg,kgr->gr", weights, stacked)
    empty = weights.sum(axis=0) == 0
    average[empty] = before[empty]
    return average
