"""Which attributes of a report are as recorded, and which are made of others."""

from collections.abc import Collection

from fairness.attributes import OVERALL
from fairness.outcomes import GroupReport


def plain_attributes(report: GroupReport) -> list[str]:
    """Attributes as recorded: no crossed ones, no strata, no variants with the unknown."""
    names = dict.fromkeys(row.attribute for row in report.rows if row.attribute != OVERALL)
    return [name for name in names if not is_derived(name, names)]


def is_derived(name: str, names: Collection[str]) -> bool:
    """Whether a grouping is made of others: crossed, inside strata, or with the unknown in it."""
    base = name.partition(" | ")[0].removesuffix(" (unknown as a group)")
    crossed = name.split("*")
    return (base != name and base in names) or (
        len(crossed) > 1 and all(part in names for part in crossed)
    )
