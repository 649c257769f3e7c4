"""Which pictures of an export are kept, in which split, and why others are left out."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fairness.datasets.prepare.picture import Blank, Picture, Uncertain, label_of
from fairness.errors import DataError

Division = Literal["published", "hashed"]

ORDER = ("train", "val", "test")
"""A patient of several splits stays in the last of them."""

TEST_SHARE = 0.2
"""Of the patients where they are divided by hash, as in FairFedMed."""


@dataclass(frozen=True)
class Rules:
    """What decides."""

    uncertain: Uncertain = "ignore"
    """What a label of -1 counts as; `ignore` leaves the picture out."""
    blank: Blank = "ignore"
    """What a finding that the report does not mention counts as; `ignore` leaves the picture
    out."""
    lateral: bool = False
    """Keep lateral views, too."""
    division: Division = "published"
    """Splits as published, or by a hash of the patient's name: a fifth of the patients to test."""


@dataclass(frozen=True)
class Kept:
    """A picture with its label and split."""

    picture: Picture
    label: int
    split: str


def choose(
    pictures: Sequence[Picture], rules: Rules, root: Path, report: Callable[[int, int], None]
) -> tuple[list[Kept], Counter[str]]:
    """The pictures that are kept, in their order, and the number left out for each reason.

    Args:
        pictures: all rows of an export.
        rules: what decides.
        root: the folder of their files.
        report: called with the rows that are done and all rows.

    Raises:
        DataError: a label is none, or a path comes twice.
    """
    homes = _homes(pictures, rules.division)
    kept, left_out, seen = [], Counter[str](), set()
    for row, picture in enumerate(pictures, start=1):
        if picture.path in seen:
            raise DataError(f"row {row}: {picture.path} comes twice; keep one of the rows")
        seen.add(picture.path)
        report(row, len(pictures))
        split = homes[picture.patient]
        label = _label(row, picture, rules)
        if not picture.frontal and not rules.lateral:
            left_out["lateral view"] += 1
        elif isinstance(label, str):
            left_out[label] += 1
        elif not picture.split:
            left_out["in no published split"] += 1
        elif rules.division == "published" and split != picture.split:
            left_out[f"patient of the {split} split, too"] += 1
        elif not (root / picture.path).is_file():
            left_out["no such file"] += 1
        else:
            kept.append(Kept(picture, label, split))
    return kept, left_out


def _label(row: int, picture: Picture, rules: Rules) -> int | str:
    if picture.label is None:
        return "study without labels"
    try:
        return label_of(picture.label, rules.uncertain, rules.blank)
    except ValueError as error:
        raise DataError(
            f"row {row}: {picture.path} has the label '{error}', known are 1, 0, -1 and nothing"
        ) from None


def _homes(pictures: Sequence[Picture], division: Division) -> dict[str, str]:
    """Patient to the one split that all of their pictures belong to."""
    if division == "hashed":
        return {p.patient: "test" if _is_tested(p.patient) else "train" for p in pictures}
    homes: dict[str, str] = {}
    for picture in pictures:
        now = homes.get(picture.patient, "")
        homes[picture.patient] = max(now, picture.split, key=(("", *ORDER)).index)
    return homes


def _is_tested(patient: str) -> bool:
    """A function of the name alone, and another than the one that holds out for validation."""
    digest = hashlib.sha256(f"test/{patient}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < TEST_SHARE * 2**64
