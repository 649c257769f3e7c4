"""People divided by chance: one half to search, the other to test what was found."""

import numpy as np

from fairness.arrays import Array, BoolArray


def search_half(patients: Array, seed: int) -> BoolArray:
    """(n,) whether a case belongs to the half that is searched.

    All cases of a patient are in the same half, which depends on names and seed, not on the order
    of the rows. Of an odd number of patients the test half has one more.
    """
    names, patient = np.unique(patients, return_inverse=True)
    chosen = np.zeros(len(names), dtype=bool)
    chosen[np.random.default_rng(seed).permutation(len(names))[: len(names) // 2]] = True
    return np.asarray(chosen[patient])
