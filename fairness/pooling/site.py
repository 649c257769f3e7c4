"""The cases of one site > what it hands over.

Groups that a report would hide are left out, and so is a group without enough people of both
classes. If the people in no shown group are few, the smallest shown group joins them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.disclosure.sizes import ALTOGETHER, FEW, FEW_OF_A_CLASS, Sizes
from fairness.errors import DataError
from fairness.groups import Grouping
from fairness.pooling.bins import BINS, place_of
from fairness.pooling.cells import Cells, joined, merged
from fairness.pooling.differences import rest_of, unrevealing
from fairness.pooling.summary import Attribute, Model, Part, Ranking, SiteSummary
from fairness.pooling.sums import sums_of
from fairness.statistics.clusters import effective_patients
from fairness.statistics.delong import influence, variance_of
from fairness.suppression import protected

ONE_CLASS = "positives or negatives only"
SEVERAL = "people are in several of its groups"
OTHERS = "withheld for another group's sake"
HIDDEN = "hidden in the report"
EVERYBODY = "all"
Key = tuple[str, str]
"""Attribute and group."""


@dataclass(frozen=True)
class Scored:
    """The n cases of a site."""

    positive: IntArray
    """(n,) of 0/1."""
    score: FloatArray
    """(n,) in [0, 1]."""
    units: IntArray
    """(n,) patients 0, 1, ..."""
    threshold: float

    @property
    def decided(self) -> BoolArray:
        """(n,) positive predictions."""
        return np.asarray(self.score >= self.threshold)


@dataclass(frozen=True)
class About:
    """What the file says of its origin."""

    site: str
    model: Model
    label: str
    dataset: str
    split: str


def site_summary(
    scored: Scored,
    groupings: Sequence[Grouping],
    about: About,
    least: int,
    hidden: Mapping[str, frozenset[str]] | None = None,
) -> SiteSummary:
    """What the site hands over.

    Args:
        scored: the cases.
        groupings: plain attributes, of the same cases.
        about: where they are from.
        least: fewest people of a group, of a class in it, and of a cell of a histogram.
        hidden: by attribute, groups that another report does not show, and `all` if it has none.

    Raises:
        DataError: the whole site has too few people of a class.
    """
    sizes = Sizes(scored.units, scored.positive, least, least)
    everybody = np.ones(len(scored.units), dtype=bool)
    if not both_classes(everybody, scored, least):
        raise DataError(
            f"fewer than {max(least, 2)} people with a positive, or with a negative case: too few "
            "to hand anything over"
        )
    found, members = [], {("", EVERYBODY): everybody}
    for grouping in protected(groupings, None, sizes)[: len(groupings)]:
        name = grouping.attribute.name
        kept, withheld = shown(grouping, scored, sizes, (hidden or {}).get(name, frozenset()))
        members |= {(name, group): inside for group, inside in kept.items()}
        found.append((name, grouping.attribute.groups, tuple(kept), withheld))
    cells = histograms(scored, members, least)
    parts = {key: part_of(key[1], members[key], scored, cells[key]) for key in members}
    return SiteSummary(
        **vars(about),
        threshold=scored.threshold,
        least=least,
        people=sizes.people(everybody),
        dependent=not sizes.single,
        everybody=parts["", EVERYBODY],
        attributes=tuple(
            Attribute(name, groups, tuple(parts[name, group] for group in kept), withheld)
            for name, groups, kept, withheld in found
        ),
    )


def shown(
    grouping: Grouping, scored: Scored, sizes: Sizes, hidden: frozenset[str]
) -> tuple[dict[str, BoolArray], dict[str, str]]:
    """Cases (n,) of each group that is shown; the others with the reason why not."""
    groups, texts = grouping.attribute.groups, reasons(sizes.least)
    inside = {group: grouping.codes == code for code, group in enumerate(groups)}
    people = {group: sizes.people(rows) for group, rows in inside.items()}
    if sum(people.values()) > sizes.people(grouping.codes >= 0):
        return {}, dict.fromkeys(groups, SEVERAL)
    withheld: dict[str, str] = {}
    for group in groups:
        if (why := grouping.reasons.get(group)) is not None:
            withheld[group] = texts.get(why, OTHERS)
        elif group in hidden and inside[group].any():
            withheld[group] = HIDDEN
        elif not both_classes(inside[group], scored, sizes.least):
            withheld[group] = ONE_CLASS if inside[group].any() else "no case"
    kept = {group: inside[group] for group in groups if group not in withheld}
    while kept and sizes.few(~np.any([*kept.values()], axis=0)):
        smallest = min(kept, key=lambda group: (people[group], group))
        del kept[smallest]
        withheld[smallest] = OTHERS
    return kept, withheld


def reasons(least: int) -> dict[str, str]:
    """What the file says of a group that a report would hide."""
    return {
        FEW: f"fewer than {least} people",
        FEW_OF_A_CLASS: f"fewer than {least} positives or negatives",
        ALTOGETHER: "too few people to show any group of this attribute",
    }


def both_classes(inside: BoolArray, scored: Scored, least: int) -> bool:
    """Whether there are enough people of each class inside (n,)."""
    of_class = [np.unique(scored.units[inside & (scored.positive == k)]) for k in (0, 1)]
    return min(map(len, of_class)) >= max(least, 2)


def histograms(
    scored: Scored, members: Mapping[Key, BoolArray], least: int
) -> dict[Key, tuple[Cells, Cells]]:
    """Cells of the negatives and of the positives of everybody and of each shown group."""
    step = len(members) if least > 1 else 1  # where nothing is protected every bin counts
    place = place_of(scored.score.astype(np.float64))
    limit = float(place_of(np.array([scored.threshold]))[0])
    found: dict[Key, list[Cells]] = {key: [] for key in members}
    for k in (0, 1):
        sides: dict[Key, list[Cells]] = {key: [] for key in members}
        for decided, ends in ((False, (0.0, limit)), (True, (limit, float(BINS)))):
            on_side = (scored.positive == k) & (scored.decided == decided)
            of_side = {}
            for j, (key, inside) in enumerate(members.items()):
                rows = on_side & inside
                grid = (1 + j, step)
                of_side[key] = merged(place[rows], scored.units[rows], ends, grid, least)
            for key, cells in together(of_side, least).items():
                sides[key].append(cells)
        for key in members:
            found[key].append(joined(sides[key]))
    return {key: (both[0], both[1]) for key, both in found.items()}


def together(cells: Mapping[Key, Cells], least: int) -> dict[Key, Cells]:
    """The histograms of one class and side, without edges that give too much away."""
    everybody = cells["", EVERYBODY]
    families: list[dict[str, Cells]] = [{EVERYBODY: everybody}]
    names, alone = [], []
    for name in dict.fromkeys(name for name, _ in cells if name):
        parts = {group: one for (of, group), one in cells.items() if of == name}
        rest = rest_of(everybody, [*parts.values()])
        if len(parts) == 1 and rest is None:
            alone += [(name, group) for group in parts]
            continue
        names.append(name)  # one without a shown group is not among them
        families.append({**parts, **({"": rest} if rest else {})})
    first, *others = unrevealing(families, least)
    found = {("", EVERYBODY): first[EVERYBODY], **dict.fromkeys(alone, first[EVERYBODY])}
    for name, family in zip(names, others, strict=True):
        found |= {(name, group): one for group, one in family.items() if group}
    return found


def part_of(group: str, inside: BoolArray, scored: Scored, cells: tuple[Cells, Cells]) -> Part:
    """One group from its cases (n,)."""
    y, score, units = scored.positive[inside], scored.score[inside], scored.units[inside]
    of_class = [units[y == k] for k in (0, 1)]
    auc, moved = influence(y, score)
    variance, alone = (variance_of(moved, y, of) for of in (units, np.arange(len(y))))
    return Part(
        group=group,
        people=len(np.unique(units)),
        people_of_class=(len(np.unique(of_class[0])), len(np.unique(of_class[1]))),
        effective_of_class=(effective_patients(of_class[0]), effective_patients(of_class[1])),
        negatives=cells[0],
        positives=cells[1],
        sums=sums_of(y, score, scored.decided[inside], units),
        auc=Ranking(auc, variance, variance / alone if alone > 0 else 1.0),
    )
