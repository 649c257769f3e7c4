"""The lines and cells that people see of a discovery, on the terminal and in discover.md."""

from collections.abc import Sequence

from audit.discovery.written import Shown, WrittenDiscovery
from audit.report.markdown import escape, table

HEADS = ("subgroup", "n", "positive", "AUC", "others", "gap [95 %]", "p", "p (Holm)", "reported")
CAVEAT = (
    "Exploratory: nobody named these subgroups before. What is reported is a reason to look, and "
    "to plan a comparison on other people; it is no result of the audit, and no policy judges it."
)


def headline(found: WrittenDiscovery) -> list[str]:
    """How it was looked for, and what came of it."""
    searched, tested = found.people
    reported = sum(one.reported for one in found.subgroups)
    result = f"{reported} of them reported" if reported else "none of them is reported"
    return [
        f"{found.candidates} subgroups of up to {found.search.limits.depth} conditions over "
        f"{', '.join(found.variables)} were compared with everybody else by AUC, among {searched} "
        f"people; the {len(found.subgroups)} that stood out most were tested among {tested} others",
        f"{result} (two-sided p below {found.search.alpha:g} after Holm's adjustment, and worse "
        "than everybody else)",
    ]


def notes(found: WrittenDiscovery) -> list[str]:
    """How to read the table."""
    limits = found.search.limits
    return [
        "n, positive, AUC, gap and p are of the people that the search did not see; numbers of "
        "people are rounded down to tens",
        f"a subgroup has at least {limits.people} people, {limits.of_class} of them positive and "
        f"{limits.of_class} negative, in each half; people of unknown value meet no condition",
        "subgroups share people: a larger one may be reported for the sake of a smaller one in it",
        "silence is no proof: a gap below "
        f"{min(one.mde for one in found.subgroups):.2f} to "
        f"{max(one.mde for one in found.subgroups):.2f} would often go unnoticed here even if the "
        "search had brought its subgroup",
        "one condition alone on an attribute is a planned comparison of the report, too; there it "
        "counts, here it does not",
    ]


def cells(one: Shown) -> tuple[str, ...]:
    """One line of the table."""
    return (
        one.subgroup,
        f"{one.people}+",
        f"{one.positives}+",
        f"{one.auc:.2f}",
        f"{one.auc_others:.2f}",
        f"{one.gap:+.2f} [{one.low:+.2f}, {one.high:+.2f}]",
        f"{one.p:.2g}",
        f"{one.p_adjusted:.2g}",
        "yes" if one.reported else "no",
    )


def to_markdown(found: WrittenDiscovery) -> str:
    """discover.md; text that came from files is escaped."""
    names: Sequence[str] = [escape(line) for line in headline(found)]
    lines = ["# Subgroups that nobody named", "", f"**{escape(CAVEAT)}**", ""]
    lines += [*(f"- {line}" for line in names), ""]
    lines += table(HEADS, map(cells, found.subgroups))
    lines += ["", *(f"- {escape(note)}" for note in notes(found)), ""]
    return "\n".join(lines)
