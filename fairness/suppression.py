"""Suppression in a shared report, so that nobody can be singled out.

A group of 1 to `least` - 1 people, positives or negatives is hidden. Where its counts would follow
from what is shown, the counts of other groups are withheld (`fairness/disclosure`): a small count
keeps room for at least five whole numbers, whatever a reader adds and subtracts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fairness.arrays import Array, IntArray
from fairness.attributes import ALL, UNKNOWN, UNKNOWN_LABEL
from fairness.disclosure.cells import Cell, Table, cells_of, table_of
from fairness.disclosure.joint import Factor, Joint, components
from fairness.disclosure.program import Program
from fairness.disclosure.sizes import ALTOGETHER, IN_STRATA, WITHHELD, Sizes
from fairness.disclosure.withhold import withhold
from fairness.groups import NOT_RECORDED, Grouping, controlled, with_unknown

MOST_UNKNOWNS = 5000
"""Largest joint table that is searched; beyond it nothing is told of its attributes."""


def reported(groupings: Sequence[Grouping], stratum: Grouping | None) -> list[Grouping]:
    """Groupings that are reported side by side, before any group is hidden.

    They are the attributes and intersections; each attribute with its unknown as a group; each
    attribute inside each stratum of a control variable, unless nobody's value is known.
    """
    sensitive = [with_unknown(g) for g in groupings if not g.parts and partly_unknown(g)]
    within = (inside for _, _, inside in in_strata(groupings, stratum))
    return [*groupings, *sensitive, *(g for g in within if (g.codes >= 0).any())]


def protected(
    groupings: Sequence[Grouping], stratum: Grouping | None, sizes: Sizes
) -> list[Grouping]:
    """The same with hidden and withheld groups; no unknown as a group where those are few."""
    within = in_strata(groupings, stratum)
    factors: dict[tuple[str, tuple[str, ...]], Factor] = {}
    for one in (*groupings, *([stratum] if within and stratum else [])):
        for part in one.parts or (one,):
            factors.setdefault(key(part), Factor.of(part))
    place, known = {name: k for k, name in enumerate(factors)}, list(factors.values())
    tables = [
        table_of(g, known, tuple(place[key(part)] for part in g.parts or (g,)), None)
        for g in groupings
    ]
    tables += [
        table_of(inside, known, (place[key(g)], place[key(stratum)]), s)
        for g, s, inside in within
        if stratum is not None
    ]
    cells = hidden_cells(tables, known, sizes)
    found = [judged_table(t, c, sizes) for t, c in zip(tables, cells, strict=True)]
    shown = found[: len(groupings)]
    sensitive = [
        with_unknown_judged(g)
        for g in shown
        if not g.parts and partly_unknown(g) and UNKNOWN_LABEL not in (g.hidden or ())
    ]
    return [*shown, *sensitive, *(g for g in found[len(groupings) :] if (g.codes >= 0).any())]


def in_strata(
    groupings: Sequence[Grouping], stratum: Grouping | None
) -> list[tuple[Grouping, int, Grouping]]:
    """(attribute, stratum, the attribute inside it) of each attribute other than the control."""
    return [
        (grouping, s, inside)
        for grouping in groupings
        if stratum is not None and not grouping.parts and key(grouping) != key(stratum)
        if (grouping.codes >= 0).any()
        for s, inside in enumerate(controlled(grouping, stratum))
    ]


def key(grouping: Grouping) -> tuple[str, tuple[str, ...]]:
    """What tells the divisions of the samples apart."""
    return grouping.attribute.name, grouping.attribute.groups


def hidden_cells(
    tables: Sequence[Table], factors: Sequence[Factor], sizes: Sizes
) -> list[list[Cell] | None]:
    """The cells of each table that are small or to be withheld; None: nothing is told of any.

    Nothing is told of crossed attributes and strata where there is no other way to protect small
    cells in them, and of their attributes neither where that is not enough.
    """
    found: list[list[Cell] | None] = [None] * len(tables)
    if sizes.few(sizes.everybody):
        return found
    for members in components([table.factors for table in tables]):
        alone = {k for k in members if len(tables[k].factors) == 1}
        for told in (set(members), alone):
            cells = cells_to_hide({k: tables[k] for k in members}, told, factors, sizes)
            if cells is not None:
                for k in told:
                    found[k] = [cell for cell in cells if cell.table is tables[k]]
                break
    return found


def cells_to_hide(
    tables: Mapping[int, Table], told: set[int], factors: Sequence[Factor], sizes: Sizes
) -> list[Cell] | None:
    """The cells of linked tables that are small or to be withheld; None: there is no way.

    Of tables that are not in `told` nothing is told.
    """
    cells = [cell for k, t in tables.items() for cell in cells_of(t, sizes, told=k in told)]
    if not any(cell.small for cell in cells):
        return []
    joint = Joint(factors, [table.factors for table in tables.values()])
    if joint.size > MOST_UNKNOWNS:
        return None
    hidden = withhold(Program(joint, cells, sizes.classes))
    return None if hidden is None else [c for c, hide in zip(cells, hidden, strict=True) if hide]


def judged_table(table: Table, cells: list[Cell] | None, sizes: Sizes) -> Grouping:
    """The table's grouping with its hidden and withheld groups, and why they are so."""
    grouping = table.grouping
    if cells is None:
        names = [*grouping.attribute.groups, UNKNOWN_LABEL, ALL]
        if not (grouping.codes >= 0).any():
            names = [UNKNOWN_LABEL]
        return replace(grouping, hidden=frozenset(names), reasons=dict.fromkeys(names, ALTOGETHER))
    reasons = {cell.name: cell.said for cell in cells}
    withheld = {cell.name for cell in cells if cell.large and cell.said == WITHHELD}
    if not table.shows_unknown and table.code.shape[0] > len(grouping.attribute.groups):
        reasons[UNKNOWN_LABEL] = IN_STRATA
    elif UNKNOWN_LABEL not in reasons and (few := sizes.few(grouping.codes == UNKNOWN)):
        reasons[UNKNOWN_LABEL] = few
    return replace(
        grouping,
        hidden=frozenset(set(reasons) - withheld),
        withheld=frozenset(withheld),
        reasons=reasons,
    )


def with_unknown_judged(grouping: Grouping) -> Grouping:
    """The judged grouping with the unknown as a group; its `all` is everybody."""
    names = {ALL: None, UNKNOWN_LABEL: NOT_RECORDED}
    reasons = {names.get(name, name): reason for name, reason in grouping.reasons.items()}
    hidden, withheld = (
        frozenset(renamed for name in old if (renamed := names.get(name, name)))
        for old in (grouping.hidden or (), grouping.withheld)
    )
    kept = {name: reason for name, reason in reasons.items() if name}
    return replace(with_unknown(grouping), hidden=hidden, withheld=withheld, reasons=kept)


def judged(groupings: Sequence[Grouping], sizes: Sizes) -> list[Grouping]:
    """Groupings with their hidden groups, as `protected` set them or judged together."""
    if all(grouping.hidden is not None for grouping in groupings):
        return list(groupings)
    return protected(groupings, None, sizes)[: len(groupings)]


def partly_unknown(grouping: Grouping) -> bool:
    """Whether the attribute is unknown for some samples, but not for all."""
    unknown = grouping.codes == UNKNOWN
    return bool(unknown.any() and not unknown.all())


def hidden_of(
    grouping: Grouping, patients: Array, least: int, labels: IntArray | None = None
) -> frozenset[str]:
    """Names of the groups to hide, as `protected` set them, else judged alone.

    `patients` (n,) is the patient of each sample, `least` the fewest people, and with `labels` (n,)
    the fewest positives and negatives, that may be shown.
    """
    if grouping.hidden is not None:
        return grouping.hidden
    alone, *_ = protected([grouping], None, Sizes(patients, labels, least, least))
    return alone.hidden or frozenset()
