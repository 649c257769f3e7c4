"""Reads the csv files of MIMIC-CXR-JPG 2.0.0 (Johnson et al., 2019), and people of MIMIC-IV.

`mimic-cxr-2.0.0-chexpert`, `-metadata` and `-split`; `patients` and `admissions` of MIMIC-IV's
module hosp; all csv or csv.gz. A person's age is that of the year of the study: MIMIC-IV gives the
age in one year, and shifts the years of a person by one number.
"""

import math
from pathlib import Path

from fairness.datasets.prepare.exports import columns_of, found
from fairness.datasets.prepare.picture import Picture, gender_of, race_of
from fairness.errors import DataError
from fairness.tables.columns import number

SPLITS = {"train": "train", "validate": "val", "test": "test"}
FRONTAL = ("AP", "PA")
NAME = "mimic-cxr-2.0.0-"

Person = tuple[int, float, float]
"""Gender code; the age in a year, and that year."""


def read_mimic_cxr(tables: Path, people: Path | None, target: str) -> list[Picture]:
    """Every row of the metadata, in their order.

    Args:
        tables: the folder of the csv files of MIMIC-CXR-JPG.
        people: the folder of `patients` and `admissions`; None leaves all groups unknown.
        target: the column of the finding.

    Raises:
        DataError: a file or a column is missing, a study has two rows of labels, or a value is none
            that is known.
    """
    labels = _labels(tables, target)
    splits = _splits(tables)
    persons = _persons(people) if people else {}
    races = _races(people) if people else {}
    path = found(tables, f"{NAME}metadata")
    columns = columns_of(path, ("dicom_id", "subject_id", "study_id", "ViewPosition", "StudyDate"))
    pictures = []
    for row, values in enumerate(zip(*columns.values(), strict=True), start=1):
        dicom, subject, study, view, date = values
        if not (dicom and subject.isdecimal() and study.isdecimal()):
            raise DataError(f"{path} row {row}: no dicom_id, subject_id or study_id")
        gender, age, year = persons.get(subject, (-1, math.nan, math.nan))
        studied = float(date[:4]) if date[:4].isdecimal() and len(date) >= 8 else math.nan
        pictures.append(
            Picture(
                path=f"p{subject[:2]}/p{subject}/s{study}/{dicom}.jpg",
                patient=f"p{subject}",
                frontal=view in FRONTAL,
                label=labels.get(study),
                race=race_of(races.get(subject, [])),
                gender=gender,
                age=age + studied - year,
                split=splits.get(dicom, ""),
                words={"view": view},
            )
        )
    return pictures


def _labels(tables: Path, target: str) -> dict[str, str]:
    """Study to the text of its label."""
    path = found(tables, f"{NAME}chexpert")
    columns = columns_of(path, ("study_id", target))
    labels: dict[str, str] = {}
    for row, (study, text) in enumerate(zip(*columns.values(), strict=True), start=1):
        if study in labels:
            raise DataError(f"{path} row {row}: study {study} comes twice; keep one of the rows")
        labels[study] = text
    return labels


def _splits(tables: Path) -> dict[str, str]:
    """Picture to its split."""
    path = found(tables, f"{NAME}split")
    columns = columns_of(path, ("dicom_id", "split"))
    for row, word in enumerate(columns["split"], start=1):
        if word not in SPLITS:
            raise DataError(f"{path} row {row}: split is '{word}', known are {', '.join(SPLITS)}")
    pairs = zip(columns["dicom_id"], columns["split"], strict=True)
    return {dicom: SPLITS[word] for dicom, word in pairs}


def _persons(people: Path) -> dict[str, Person]:
    path = found(people, "patients")
    columns = columns_of(path, ("subject_id", "gender", "anchor_age", "anchor_year"))
    persons = {}
    for row, (subject, gender, age, year) in enumerate(zip(*columns.values(), strict=True), 1):
        try:
            # An age of 0 stands for none.
            years = (number(age) or math.nan, number(year)) if age and year else (math.nan,) * 2
        except ValueError:
            raise DataError(f"{path} row {row}: '{age}' or '{year}' is no number") from None
        persons[subject] = (gender_of(gender), *years)
    return persons


def _races(people: Path) -> dict[str, list[str]]:
    """Person to the race of each admission."""
    columns = columns_of(found(people, "admissions"), ("subject_id", "race"))
    races: dict[str, list[str]] = {}
    for subject, race in zip(*columns.values(), strict=True):
        races.setdefault(subject, []).append(race)
    return races
