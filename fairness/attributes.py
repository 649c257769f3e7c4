"""Demographic attributes and the names of their groups; readers turn raw codes into these."""

from dataclasses import dataclass

from fairness.text import one_line
from fairness.unknown import is_unknown, whole

UNKNOWN = -1
"""The code of a value that was not recorded; it belongs to no group."""

UNKNOWN_LABEL = "unknown"
ALL = "all"
"""Group of every sample whose value of the attribute is known."""

OVERALL = "overall"
"""Attribute of the numbers over the whole split."""


@dataclass(frozen=True)
class Attribute:
    """One demographic attribute: code `i` means `groups[i]`, and `UNKNOWN` means not recorded."""

    name: str
    groups: tuple[str, ...]

    def label(self, code: int) -> str:
        """The group's name for a code; `unknown` for every code outside `0..len(groups) - 1`."""
        return self.groups[code] if 0 <= code < len(self.groups) else UNKNOWN_LABEL

    def code(self, value: object) -> int | None:
        """The code of a code, a group's name or a word for the unknown; None for anything else.

        Whole floats are integers, and the case of names does not count.
        """
        text = whole(one_line(value))
        if is_unknown(text):
            return UNKNOWN
        for code, group in enumerate(self.groups):
            if text == str(code) or text.casefold() == group.casefold():
                return code
        return None


# Codes of Harvard-FairVLMed (docs/data.md); the names are the npz keys.
RACE = Attribute("race", ("Asian", "Black", "White"))
GENDER = Attribute("gender", ("Female", "Male"))
ETHNICITY = Attribute("ethnicity", ("Non-Hispanic", "Hispanic"))
LANGUAGE = Attribute("language", ("English", "Spanish", "Other"))
MARITAL_STATUS = Attribute(
    "maritalstatus", ("Married or partnered", "Single", "Divorced", "Widowed", "Legally separated")
)
EYE_ATTRIBUTES = (RACE, GENDER, ETHNICITY, LANGUAGE, MARITAL_STATUS)  # of the Harvard eye data
