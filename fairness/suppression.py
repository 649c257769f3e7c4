"""Small cells: which groups a shared report must not show, so that no person can be singled out.

A group of fewer than `least` people is suppressed. If it were the only one of its line, its count
would follow from the line's total, so the smallest other group of the line goes with it
(complementary suppression). For crossed attributes each margin is a line.
"""

import numpy as np

from fairness.arrays import BoolArray, IntArray


def suppressed(counts: IntArray, least: int) -> BoolArray:
    """Which cells to hide, in the shape of `counts`.

    Args:
        counts: people in each cell, one axis a crossed attribute; the totals along every axis
            count as known. Empty cells hide nobody, and are shown.
        least: smallest count that may be shown; 0 or 1 hides nothing.
    """
    hidden = (counts > 0) & (counts < least)
    changed = True
    while changed:
        changed = False
        for axis in range(counts.ndim):
            lines = np.moveaxis(hidden, axis, -1)  # a view: what is set here is set in `hidden`
            sizes = np.moveaxis(counts, axis, -1)
            for line in np.ndindex(lines.shape[:-1]):
                candidates = np.flatnonzero((sizes[line] > 0) & ~lines[line])
                if lines[line].sum() == 1 and candidates.size:
                    lines[line][candidates[np.argmin(sizes[line][candidates])]] = True
                    changed = True
    return hidden
