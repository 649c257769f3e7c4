"""Reads CheXpert's csv files (Irvin et al., AAAI 2019) and its table of demographics.

`train.csv` and `valid.csv`: Path, Sex, Age, Frontal/Lateral, AP/PA and 14 findings. `CHEXPERT
DEMO.xlsx`, published apart, or the same as csv: PATIENT, PRIMARY_RACE, ETHNICITY.
"""

import re
from pathlib import Path

from fairness.datasets.prepare.exports import columns_of, found
from fairness.datasets.prepare.picture import Picture, gender_of, race_of
from fairness.errors import DataError
from fairness.tables.columns import number

FILES = {"train": "train", "valid": "test"}
"""Name of a csv file to the split that it is: what is called valid has the experts' labels."""

_PATIENT = re.compile(r"(?:^|/)(patient\d+)/")


def read_chexpert(tables: Path, people: Path | None, target: str) -> list[Picture]:
    """Every row of both csv files, in their order.

    Args:
        tables: the folder of the csv files.
        people: the table of demographics; None leaves race unknown.
        target: the column of the finding.

    Raises:
        DataError: a file, a column or a patient is missing, or an age is no number.
    """
    races, ethnicities = _demographics(people) if people else ({}, {})
    pictures = []
    for file, split in FILES.items():
        path = found(tables, file)
        columns = columns_of(path, ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", target))
        rows = zip(*columns.values(), strict=True)
        for row, (name, sex, age, side, view, label) in enumerate(rows, start=1):
            if not (patient := _PATIENT.search(name)):
                raise DataError(f"{path} row {row}: Path '{name}' names no patient")
            pictures.append(
                Picture(
                    path=name,
                    patient=patient[1],
                    frontal=side == "Frontal",
                    label=label,
                    race=race_of(races.get(patient[1], [])),
                    gender=gender_of(sex),
                    age=_years(path, row, age),
                    split=split,
                    words={
                        "view": view or side,
                        "ethnicity": ethnicities.get(patient[1], ""),
                    },
                )
            )
    return pictures


def _demographics(path: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Patient to the words for race, and to the word for ethnicity."""
    columns = columns_of(path, ("PATIENT", "PRIMARY_RACE", "ETHNICITY"))
    races: dict[str, list[str]] = {}
    for patient, race in zip(columns["PATIENT"], columns["PRIMARY_RACE"], strict=True):
        races.setdefault(patient, []).append(race)
    return races, dict(zip(columns["PATIENT"], columns["ETHNICITY"], strict=True))


def _years(path: Path, row: int, text: str) -> float:
    try:
        return number(text) if text else float("nan")
    except ValueError:
        raise DataError(f"{path} row {row}: Age '{text}' is no number") from None
