"""A design of one attribute by flags: `--groups race:asian=200,black=300`, and so on."""

from collections.abc import Mapping

from audit.design.design import Design, design_of
from fairness.errors import UsageError
from fairness.tables.words import names_in


def design_by_flags(groups: str, numbers: Mapping[str, str | None]) -> Design:
    """The design that the flags describe.

    Args:
        groups: `race:asian=200,black=300`.
        numbers: name of a number, such as `auc`, to `0.85` for every group, to
            `asian=0.8,black=0.85`, or to `0.85,asian=0.8`: 0.85 for all others.

    Raises:
        UsageError: a flag cannot be read, or names a group that is not in `groups`.
    """
    attribute, _, rest = groups.partition(":")
    sizes = values_in(rest, "--groups")
    if not attribute.strip() or not sizes or "" in sizes:
        raise UsageError(f"--groups: '{groups}' is not ATTRIBUTE:GROUP=PEOPLE,GROUP=PEOPLE")
    if fraction := next((name for name, n in sizes.items() if n != int(n)), None):
        raise UsageError(f"--groups: {fraction} has no whole number of people")
    found: dict[str, dict[str, object]] = {
        name: {"of": {attribute.strip(): name}, "n": int(n)} for name, n in sizes.items()
    }
    for number, text in numbers.items():
        if text is None:
            continue
        values = values_in(text, f"--{number}")
        if absent := sorted(set(values) - set(sizes) - {""}):
            raise UsageError(f"--{number}: no group '{absent[0]}' in --groups")
        for name, group in found.items():
            if name in values or "" in values:
                group[number] = values.get(name, values.get(""))
    return design_of({"groups": list(found.values())}, "--groups")


def values_in(text: str, flag: str) -> dict[str, float]:
    """Group to number; a number without a name stands under the empty name.

    Raises:
        UsageError: a part is no number, or comes twice.
    """
    found: dict[str, float] = {}
    for part in names_in(text):
        name, _, number = part.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not abs(value) < float("inf") or name.strip() in found:
            raise UsageError(f"{flag}: '{part}' is not GROUP=NUMBER that comes once")
        found[name.strip()] = value
    return found
