"""Writes the csv files of one site of FairFedMed-Chest, and says what they hold."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from fairness.atomic import write_atomically
from fairness.attributes import GENDER, Attribute
from fairness.datasets.fairfedmed_chest import AGE, RACE
from fairness.datasets.prepare.choice import ORDER, Kept
from fairness.datasets.prepare.picture import age_of
from fairness.errors import DataError
from fairness.text import csv_cell

ATTRIBUTES = (RACE, GENDER, AGE)


def write_site(out: Path, site: str, folder: str, kept: Sequence[Kept]) -> None:
    """Write `meta_{site}_{attribute}_{split}.csv`; the rows are the same for every attribute.

    A file of a split that has no row now, left from an earlier run, is removed.

    Args:
        out: the folder of the csv files.
        site: name of the site.
        folder: where the pictures lie below `out`; nothing where they lie in it.
        kept: the pictures.

    Raises:
        DataError: nothing is left to train on, or to test.
    """
    for split in ("train", "test"):
        if not any(k.split == split for k in kept):
            raise DataError(f"{site}: no picture is left for the {split} split; nothing written")
    for split in ORDER:
        rows = [_row(folder, k) for k in kept if k.split == split]
        for attribute in ATTRIBUTES:
            path = out / f"meta_{site}_{attribute.name}_{split}.csv"
            if rows:
                text = io.StringIO()
                writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                write_atomically(path, text.getvalue())
            else:
                path.unlink(missing_ok=True)


def _row(folder: str, kept: Kept) -> dict[str, object]:
    picture = kept.picture
    return {
        "filename": f"{folder}/{picture.path}" if folder else picture.path,
        "disease_label": kept.label,
        "race_label": picture.race,
        "gender_label": picture.gender,
        "age_label": age_of(picture.age),
        "patient": picture.patient,
        **{name: csv_cell(word) for name, word in picture.words.items()},
    }


def contents(kept: Sequence[Kept]) -> list[str]:
    """Lines: pictures, people and positives of each split, and groups of everybody."""
    lines = []
    for split in ORDER:
        rows = [k for k in kept if k.split == split]
        if rows:
            people = len({k.picture.patient for k in rows})
            positive = sum(k.label for k in rows)
            lines.append(f"{split}: {len(rows)} pictures of {people} people, {positive} positive")
    codes = [(k.picture.race, k.picture.gender, age_of(k.picture.age)) for k in kept]
    return lines + [_groups(a, [c[i] for c in codes]) for i, a in enumerate(ATTRIBUTES)]


def _groups(attribute: Attribute, codes: Sequence[int]) -> str:
    known = (f"{group} {codes.count(code)}" for code, group in enumerate(attribute.groups))
    return f"{attribute.name}: {', '.join(known)}, unknown or another {codes.count(-1)}"
