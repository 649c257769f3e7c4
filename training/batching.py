"""Batches of a step, as a function of the seed and the number of the step alone.

A resumed run therefore needs no state of any loader.
"""

import numpy as np

from fairness.arrays import IntArray


def batch_at(members: IntArray, size: int, step: int, key: tuple[int, ...]) -> IntArray:
    """The batch that an endless loader over shuffled members gives at a step.

    Each pass visits every member once, in an order of its own, and ends with a batch that may be
    smaller; a group smaller than `size` comes back at every step.

    Args:
        members: (n,) sample numbers, n >= 1.
        size: of a full batch.
        step: from 0 on.
        key: seed of the run, then numbers that tell its loaders apart.
    """
    per_pass = steps_per_pass(len(members), size)
    order = np.random.default_rng([*key, step // per_pass]).permutation(members)
    start = step % per_pass * size
    return order[start : start + size]


def steps_per_pass(n: int, size: int) -> int:
    """Batches that visit n samples once; the last one may be smaller."""
    return -(-n // size)
