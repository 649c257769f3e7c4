"""Small cells: which groups a shared report must not show, so that no person can be singled out.

A group of fewer than `least` people is hidden. Where it would follow by subtraction from what is
shown (a total, or a group that other groups add up to), another group is hidden with it
(complementary suppression), until no relation between the reported numbers has one unknown only.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from fairness.arrays import Array, BoolArray, IntArray
from fairness.groups import Grouping


def suppressed(counts: IntArray, least: int) -> BoolArray:
    """Which cells of one table to hide, in the shape of `counts`.

    Args:
        counts: people in each cell, one axis a crossed attribute; the totals along every axis
            count as known. Empty cells hide nobody, and are shown.
        least: smallest count that may be shown; 0 or 1 hides nothing.
    """
    index = np.arange(counts.size).reshape(counts.shape)
    lines = [np.moveaxis(index, axis, -1).reshape(-1, n) for axis, n in enumerate(counts.shape)]
    relations = [line for of_axis in lines for line in of_axis]
    return hide(counts.ravel(), relations, least).reshape(counts.shape)


def suppressed_together(
    groupings: Sequence[Grouping], patients: Array, least: int
) -> list[BoolArray]:
    """Which groups (G,) of each grouping to hide where all are reported side by side.

    Args:
        groupings: of the same n samples; none is the same as another.
        patients: (n,) who each sample belongs to.
        least: smallest number of people that may be shown.
    """
    sizes = [len(g.attribute.groups) for g in groupings]
    starts = np.cumsum([0, *sizes])
    people = [
        np.unique(patients[g.codes == code]).size
        for g, size in zip(groupings, sizes, strict=True)
        for code in range(size)
    ]
    relations = [np.arange(*ends) for ends in zip(starts[:-1], starts[1:], strict=True)]
    for i, whole in enumerate(groupings):
        for j, parts in enumerate(groupings):
            if i != j:
                for group, cells in sums(whole, parts, least):
                    relations.append(np.append(starts[i] + group, starts[j] + cells))
    hidden = hide(np.array(people, dtype=np.int64), relations, least)
    return np.split(hidden, starts[1:-1])


def sums(whole: Grouping, parts: Grouping, least: int) -> Iterator[tuple[int, IntArray]]:
    """Groups of `whole`, each with the groups of `parts` that it consists of.

    Up to `least` - 1 samples whose value of `parts` is unknown do not hide what follows from it.
    """
    shape = len(whole.attribute.groups), len(parts.attribute.groups)
    both = (whole.codes >= 0) & (parts.codes >= 0)
    flat = np.ravel_multi_index((whole.codes[both], parts.codes[both]), shape)
    table = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
    sizes = np.bincount(parts.codes[parts.codes >= 0], minlength=shape[1])
    for group, line in enumerate(table):
        cells = np.flatnonzero(line)
        unknown = int((whole.codes == group).sum() - line.sum())
        if cells.size and (line[cells] == sizes[cells]).all() and unknown < max(1, least):
            yield group, cells


def hide(counts: IntArray, relations: Sequence[IntArray], least: int) -> BoolArray:
    """Which cells (C,) to hide, given the sets of cells that one known total or sum ties together.

    Of every relation none is hidden, or two at least that are not all single persons.
    """
    hidden = (counts > 0) & (counts < least)
    changed = True
    while changed:
        changed = False
        for cells in relations:
            inside, sizes = hidden[cells], counts[cells]
            told = inside.sum() == 1 or (inside.any() and (sizes[inside] == 1).all())
            shown = np.flatnonzero((sizes > 0) & ~inside)
            if told and shown.size:
                hidden[cells[shown[np.argmin(sizes[shown])]]] = True
                changed = True
    return hidden
