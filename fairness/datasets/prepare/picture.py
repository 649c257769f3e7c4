"""One radiograph as an export describes it, and the rules that make codes of its words."""

import math
from dataclasses import dataclass
from typing import Literal

from fairness.attributes import GENDER, UNKNOWN
from fairness.datasets.fairfedmed_chest import AGE, RACE
from fairness.unknown import is_unknown

Uncertain = Literal["ignore", "positive", "negative"]
Blank = Literal["ignore", "negative"]

LATE = 60
"""Years from which on a person belongs to the second group of age."""
OLDEST = 120


@dataclass(frozen=True)
class Picture:
    """One row of an export; group codes are those of FairFedMed-Chest, -1 unknown."""

    path: str
    """Below the folder of the pictures, with `/`."""
    patient: str
    frontal: bool
    label: str | None
    """1, 0, -1 for uncertain, or empty where the report does not mention the finding; None where
    there is no report."""
    race: int
    gender: int
    age: float
    """Years, NaN where unknown."""
    split: str
    """`train`, `val` or `test` as published."""
    words: dict[str, str]
    """Further columns, such as the view."""


def race_of(words: list[str]) -> int:
    """White, Asian or Black where everything that is recorded begins so, else -1.

    A word is the primary race as the export writes it: `White, non-Hispanic`, `BLACK/CAPE VERDEAN`.
    Two different groups of one person contradict each other, and people of another race have no
    group in this layout: both are -1.
    """
    known = [word.casefold() for word in words if not is_unknown(word)]
    codes = {_first(word) for word in known}
    return codes.pop() if len(codes) == 1 else UNKNOWN


def _first(word: str) -> int:
    for code, group in enumerate(RACE.groups):
        if word.startswith(group.casefold()):
            return code
    return UNKNOWN


def gender_of(word: str) -> int:
    """0 Female, 1 Male, from the word or its first letter; -1 for anything else."""
    for code, group in enumerate(GENDER.groups):
        if word.casefold() in (group.casefold(), group[0].casefold()):
            return code
    return UNKNOWN


def age_of(years: float) -> int:
    """0 under 60, 1 from 60 on; -1 where it is not finite, below 0 or above 120."""
    if not math.isfinite(years) or not 0 <= years <= OLDEST:
        return UNKNOWN
    return AGE.groups.index("60+") if years >= LATE else AGE.groups.index("0-60")


def label_of(text: str, uncertain: Uncertain, blank: Blank) -> int | str:
    """0 or 1, or the reason why the picture has no label.

    Raises:
        ValueError: the text is none of 1, 0, -1 and nothing.
    """
    if text in ("0", "1"):
        return int(text)
    if text == "-1":
        return {"positive": 1, "negative": 0}.get(uncertain, "uncertain label")
    if text == "":
        return 0 if blank == "negative" else "finding not mentioned"
    raise ValueError(text)
