"""`--target-prevalence`: shares of positives that groups stand for, in words and as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fairness.attributes import ALL, OVERALL, Attribute
from fairness.errors import UsageError
from fairness.tables.words import names_in

FLAG = "--target-prevalence"


@dataclass(frozen=True)
class Prevalences:
    """Of everybody, and of groups of their own."""

    of_all: float | None = None
    of_groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Attribute to group to share."""

    def of(self, attribute: str, group: str) -> float | None:
        """Of one group, `all` or everybody; None where none is given."""
        if attribute == OVERALL or group == ALL:
            return self.of_all
        return self.of_groups.get(attribute, {}).get(group, self.of_all)

    def said(self) -> str:
        """In one line."""
        parts = [] if self.of_all is None else [f"{self.of_all:g}"]
        for attribute, groups in self.of_groups.items():
            each = ", ".join(f"{group} {share:g}" for group, share in groups.items())
            parts.append(f"{attribute}: {each}")
        return "; ".join(parts)


def prevalences_in(words: Sequence[str]) -> Prevalences:
    """What the words of the flag say: `0.08`, or `race=Black:0.1,White:0.05`; each may come once.

    Raises:
        UsageError: one of them is neither, or says something twice.
    """
    of_all: float | None = None
    of_groups: dict[str, dict[str, float]] = {}
    for word in words:
        attribute, is_named, rest = word.partition("=")
        if not is_named:
            if of_all is not None:
                raise UsageError(f"{FLAG} {word}: everybody has one already, {of_all:g}")
            of_all = share_in(word, word)
            continue
        groups = of_groups.setdefault(attribute.strip(), {})
        for part in names_in(rest):
            group, _, text = part.rpartition(":")
            if group.strip() in groups:
                raise UsageError(f"{FLAG} {word}: '{group.strip()}' has two")
            groups[group.strip()] = share_in(text, word)
    return Prevalences(of_all, of_groups)


def share_in(text: str, word: str) -> float:
    """A share above 0 and below 1.

    Raises:
        UsageError: it is none.
    """
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(
            f"{FLAG} {word}: '{text}' is no share above 0 and below 1; give 0.08 for everybody, "
            "or race=Black:0.1,White:0.05"
        )
    return share


def check_groups(prevalences: Prevalences, attributes: Sequence[Attribute]) -> None:
    """Refuse names that the data do not have.

    Raises:
        UsageError: an attribute or a group is not there.
    """
    known = {attribute.name: attribute.groups for attribute in attributes}
    for attribute, groups in prevalences.of_groups.items():
        if attribute not in known:
            raise UsageError(
                f"{FLAG} {attribute}=...: no attribute '{attribute}' (there are: "
                f"{', '.join(known)})"
            )
        for group in groups:
            if group not in known[attribute]:
                raise UsageError(
                    f"{FLAG} {attribute}=...: no group '{group}' (there are: "
                    f"{', '.join(known[attribute])})"
                )
