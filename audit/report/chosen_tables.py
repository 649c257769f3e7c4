"""Numbers at a tuned threshold as tables of text: both intervals side by side."""

from audit.report import layout
from audit.report.text_table import NAMES, TextTable, p_or_none
from fairness.attributes import OVERALL
from fairness.beside.chosen_tables import AtChosen, Chosen, GapAtChosen, LargestAtChosen

TITLE = "Intervals that know of the choice of the threshold"


def chosen_tables(chosen: Chosen) -> list[TextTable]:
    """Groups, pairs of groups, largest gaps."""
    notes = (
        chosen.note,
        "each cell: the interval at the threshold as it is given, then the one with what choosing "
        "it adds; use the second where the threshold would be chosen anew, at another hospital "
        "or for another version",
    )
    found = [group_table(chosen, notes)]
    if chosen.pairs:
        heads = ("attribute", "number", "pair", "difference", "p", "joint interval", "joint p")
        rows = tuple(map(pair_cells, chosen.pairs))
        found.append(TextTable(f"{TITLE}: pairs of groups", (), heads, rows))
    if chosen.largest:
        of_largest = tuple(map(largest_cells, chosen.largest))
        few = ("attribute", "largest gap", "value", "p")
        found.append(TextTable(f"{TITLE}: largest gaps", (), few, of_largest))
    return found


def group_table(chosen: Chosen, notes: tuple[str, ...]) -> TextTable:
    """A line a group, a column a number."""
    groups: dict[tuple[str, str], dict[str, AtChosen]] = {}
    for one in chosen.rows:
        groups.setdefault((one.attribute, one.group), {})[one.metric] = one
    metrics = list(dict.fromkeys(one.metric for one in chosen.rows))
    rows = []
    for (attribute, group), by_metric in groups.items():
        name = "everybody" if attribute == OVERALL else f"{attribute}: {group}"
        rows.append((name, *(group_cell(by_metric[metric]) for metric in metrics)))
    heads = ("group", *(NAMES.get(metric, metric) for metric in metrics))
    return TextTable(TITLE, notes, heads, tuple(rows))


def group_cell(one: AtChosen) -> str:
    """`0.812 [0.770, 0.850] > [0.741, 0.869]`, or why there is none."""
    if one.value is None:
        return one.reason or layout.NOT_DEFINED
    return both(one.value, (one.fixed_low, one.fixed_high), (one.low, one.high))


def both(
    value: float | None,
    fixed: tuple[float | None, float | None],
    wider: tuple[float | None, float | None],
) -> str:
    """A number with both intervals."""
    return f"{layout.limited(value, *fixed)} > {layout.bracketed(*wider) or 'none'}"


def pair_cells(one: GapAtChosen) -> tuple[str, ...]:
    """A line of the pairs."""
    return (
        one.attribute,
        NAMES.get(one.metric, one.metric),
        layout.pair(one.group_a, one.group_b),
        both(one.value, (one.fixed_low, one.fixed_high), (one.low, one.high)),
        both_p(one.fixed_p, one.p),
        layout.bracketed(one.low_adjusted, one.high_adjusted),
        p_or_none(one.p_adjusted),
    )


def largest_cells(one: LargestAtChosen) -> tuple[str, ...]:
    """A line of the largest gaps."""
    limits = ((one.fixed_low, one.fixed_high), (one.low, one.high))
    return one.attribute, one.metric, both(one.value, *limits), both_p(one.fixed_p, one.p)


def both_p(fixed: float | None, wider: float | None) -> str:
    """Both p, where there is one."""
    return f"{p_or_none(fixed)} > {p_or_none(wider)}" if wider is not None else p_or_none(fixed)
