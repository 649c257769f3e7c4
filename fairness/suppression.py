"""Suppression of small groups in a shared report, so that no person can be singled out.

A group of fewer than `least` people is hidden. Where it would follow by subtraction from what is
shown (a total, or a group that other groups add up to), another group is hidden with it
(complementary suppression), until no relation between the reported numbers has one unknown only.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fairness.arrays import Array, BoolArray, IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.groups import Grouping, controlled, intersection, with_unknown


def protected(
    groupings: Sequence[Grouping], stratum: Grouping | None, patients: Array, least: int
) -> list[Grouping]:
    """Groupings that are reported side by side, each with its `hidden` groups.

    They are the attributes and intersections; each attribute with its unknown as a group, unless
    those are none, too few or all; each attribute inside each stratum of a control variable.
    `patients` (n,) is the patient of each sample, `least` the fewest people that may be shown.
    """
    plain = [g for g in groupings if len(g.factors) == 1]
    in_strata = [stratum, *(intersection([g, stratum]) for g in plain)] if stratum else []
    masks = suppressed_together([*groupings, *in_strata], patients, least)
    shown = [
        replace(g, hidden=names_of(g, mask, patients, least))
        for g, mask in zip(groupings, masks[: len(groupings)], strict=True)
    ]
    sensitive = [with_unknown(g) for g in shown if len(g.factors) == 1 and partly_unknown(g)]
    within = []
    if stratum is not None:
        of_strata, *of_crossed = masks[len(groupings) :]
        for grouping, mask in zip(plain, of_crossed, strict=True):
            cells = mask.reshape(-1, len(of_strata))
            for s, inside in enumerate(controlled(grouping, stratum)):
                names = names_of(inside, cells[:, s], patients, least)
                within.append(replace(inside, hidden=names | ({ALL} if of_strata[s] else set())))
    return [*shown, *sensitive, *within]


def judged(groupings: Sequence[Grouping], patients: Array, least: int) -> list[Grouping]:
    """Groupings with their `hidden` groups, as `protected` set them or judged together."""
    if all(grouping.hidden is not None for grouping in groupings):
        return list(groupings)
    return [
        replace(g, hidden=names_of(g, mask, patients, least))
        for g, mask in zip(groupings, suppressed_together(groupings, patients, least), strict=True)
    ]


def partly_unknown(grouping: Grouping) -> bool:
    """Whether the attribute is unknown for some samples, shown in the report, but not for all."""
    unknown = grouping.codes == UNKNOWN
    shown = UNKNOWN_LABEL not in (grouping.hidden or ())
    return bool(shown and unknown.any() and not unknown.all())


def hidden_of(grouping: Grouping, patients: Array, least: int) -> frozenset[str]:
    """Names of the groups to hide, as `protected` set them, else judged by the counts alone."""
    if grouping.hidden is not None:
        return grouping.hidden
    people = people_of(grouping, patients).reshape(grouping.factors)
    return names_of(grouping, suppressed(people, least).ravel(), patients, least)


def people_of(grouping: Grouping, patients: Array) -> IntArray:
    """(G,) number of people in each group."""
    inside = [grouping.codes == code for code in range(len(grouping.attribute.groups))]
    return np.array([np.unique(patients[rows]).size for rows in inside], dtype=np.int64)


def names_of(grouping: Grouping, mask: BoolArray, patients: Array, least: int) -> frozenset[str]:
    """Names of the groups under the mask (G,), and of the unknown where they are few."""
    names = {name for name, hide in zip(grouping.attribute.groups, mask, strict=True) if hide}
    few = 0 < np.unique(patients[grouping.codes == UNKNOWN]).size < least
    return frozenset(names | ({UNKNOWN_LABEL} if few else set()))


def suppressed(counts: IntArray, least: int) -> BoolArray:
    """Mask of the cells of one table to hide, in the shape of `counts`.

    Args:
        counts: people in each cell, one axis a crossed attribute; the totals along every axis
            count as known. Empty cells hide nobody, and are shown.
        least: smallest count that may be shown; 0 or 1 hides nothing.
    """
    if not counts.size:
        return np.zeros(counts.shape, dtype=bool)
    index = np.arange(counts.size).reshape(counts.shape)
    lines = [np.moveaxis(index, axis, -1).reshape(-1, n) for axis, n in enumerate(counts.shape)]
    relations = [line for of_axis in lines for line in of_axis]
    return hide(counts.ravel(), relations, least).reshape(counts.shape)


def suppressed_together(
    groupings: Sequence[Grouping], patients: Array, least: int
) -> list[BoolArray]:
    """Masks (G,) of the groups to hide of one or more groupings that are reported side by side.

    `patients` (n,) is the patient of each sample, `least` the fewest people that may be shown.
    """
    people = np.concatenate([people_of(g, patients) for g in groupings])
    starts = np.cumsum([0, *(len(g.attribute.groups) for g in groupings)])
    relations = [np.arange(*ends) for ends in itertools.pairwise(starts)]
    for i, whole in enumerate(groupings):
        for j, parts in enumerate(groupings):
            if i != j:
                for group, cells in sums(whole, parts, least):
                    relations.append(np.append(starts[i] + group, starts[j] + cells))
    hidden = hide(people, relations, least)
    return np.split(hidden, starts[1:-1])


def sums(whole: Grouping, parts: Grouping, least: int) -> Iterator[tuple[int, IntArray]]:
    """Groups of `whole` that are unions of groups of `parts`, each with those groups.

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
    """Mask (C,) of the cells to hide, given sets of cells that a known total or sum relates.

    Of every relation no cell is hidden, or at least two that do not all count one person.
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
