"""Exports of CheXpert and MIMIC-CXR as sites of FairFedMed-Chest: small ones with known rows."""

from pathlib import Path

import pytest
from chest_exports import (
    CHEXPERT,
    DEMOGRAPHICS,
    MIMIC,
    SPLIT,
    TRAIN,
    write_chexpert,
    write_mimic,
    write_packed,
)
from fairfedmed_files import write_lines

from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.prepare.__main__ import run
from fairness.datasets.prepare.picture import age_of, gender_of, label_of, race_of
from fairness.datasets.stream import samples

HEADER = "filename,disease_label,race_label,gender_label,age_label,patient,view,ethnicity"
FOLDER = "CheXpert-v1.0-small"


def chexpert(root: Path, *arguments: object) -> int:
    flags = ("--tables", root / FOLDER, "--people", root / "demo.csv", "--out", root)
    return run(["chexpert", *map(str, (*flags, *arguments))])


def mimic(root: Path, *arguments: object) -> int:
    flags = ("--tables", root / "mimic", "--people", root / "hosp", "--out", root)
    return run(["mimic-cxr", *map(str, (*flags, *arguments))])


def table(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_chexpert_s_rows_become_those_of_the_layout_and_the_reader_opens_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_chexpert(tmp_path)
    assert chexpert(tmp_path) == 0
    said = capsys.readouterr().out
    for attribute in ("race", "gender", "age"):
        assert table(tmp_path / f"meta_chexpert_{attribute}_train.csv") == [
            HEADER,
            f"{FOLDER}/train/patient00001/study1/view1_frontal.jpg,"
            "1,2,0,0,patient00001,AP,Non-Hispanic/Non-Latino",
            f"{FOLDER}/train/patient00002/study1/view1_frontal.jpg,"
            "0,0,1,1,patient00002,PA,Hispanic/Latino",
            f"{FOLDER}/train/patient00004/study2/view1_frontal.jpg,"
            "0,-1,-1,0,patient00004,AP,Unknown",
        ]
    assert table(tmp_path / "meta_chexpert_race_test.csv")[1:] == [
        f"{FOLDER}/valid/patient64541/study1/view1_frontal.jpg,"
        "0,1,1,1,patient64541,AP,Non-Hispanic/Non-Latino",
        f"{FOLDER}/valid/patient64542/study1/view1_frontal.jpg,1,-1,0,0,patient64542,PA,",
    ]
    assert "9 rows read, 5 kept" in said
    assert "1 finding not mentioned, 1 lateral view, 1 no such file, 1 uncertain label" in said
    assert "train: 3 pictures of 3 people, 1 positive" in said
    assert "race: White 1, Asian 1, Black 1, unknown or another 2" in said
    assert (tmp_path / "meta_chexpert.txt").read_text() in said
    split = FairFedMedChest(tmp_path, "test", attribute="age", further=("view",))
    assert split.patients == ("patient64541", "patient64542")
    assert split.labels.tolist() == [0, 1]
    assert split.codes["race"].tolist() == [1, -1]
    assert [a.name for a in split.attributes] == ["race", "gender", "age", "site", "view"]
    assert len(list(samples(split))) == 2


def test_mimic_s_tables_are_joined_and_years_become_ages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mimic(tmp_path)
    assert mimic(tmp_path) == 0
    said = capsys.readouterr().out
    files = {s: table(tmp_path / f"meta_mimic_race_{s}.csv")[1:] for s in ("train", "val", "test")}
    assert files == {
        "train": [
            "files/p10/p10000001/s50000001/a1.jpg,1,0,0,0,p10000001,PA",  # 58 years in 2180
            "files/p10/p10000001/s50000002/a3.jpg,0,0,0,1,p10000001,AP",  # 60 in 2182
        ],
        # Black at one admission, White at another.
        "val": ["files/p10/p10000002/s50000003/b1.jpg,0,-1,1,1,p10000002,AP"],
        "test": ["files/p10/p10000004/s50000005/d1.jpg,0,1,0,-1,p10000004,PA"],
    }
    assert "7 rows read, 4 kept" in said
    assert "1 lateral view, 1 study without labels, 1 uncertain label" in said
    for split, expected in (("train", 2), ("val", 1), ("test", 1)):
        assert len(FairFedMedChest(tmp_path, split).ids) == expected


def test_policies_change_what_is_kept(tmp_path: Path) -> None:
    write_chexpert(tmp_path)
    assert chexpert(tmp_path, "--uncertain", "positive", "--blank", "negative", "--lateral") == 0
    rows = [row.split(",")[:2] for row in table(tmp_path / "meta_chexpert_age_train.csv")[1:]]
    assert [label for _, label in rows] == ["1", "1", "0", "1", "0", "0"]


def test_a_patient_of_two_splits_stays_in_the_later_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mimic(tmp_path)
    text = "\n".join(SPLIT).replace("10000001,train", "10000001,test", 1)
    write_packed(tmp_path / "mimic" / f"{MIMIC}split.csv.gz", (text,))
    assert mimic(tmp_path) == 3
    assert "no picture is left for the train split; nothing written" in capsys.readouterr().err
    assert not list(tmp_path.glob("meta_*"))
    write_packed(tmp_path / "mimic" / f"{MIMIC}split.csv.gz", (text.replace("validate", "train"),))
    assert mimic(tmp_path) == 0
    assert "1 patient of the test split, too" in capsys.readouterr().out
    assert len(table(tmp_path / "meta_mimic_age_train.csv")) == 2
    assert mimic(tmp_path, "--division", "hashed", "--blank", "negative") == 0
    assert "splits: hashed; every patient in one split" in capsys.readouterr().out
    homes: dict[str, set[str]] = {}
    for split in ("train", "test"):
        for row in table(tmp_path / f"meta_mimic_race_{split}.csv")[1:]:
            homes.setdefault(row.split(",")[5], set()).add(split)
    assert homes.keys() == {"p10000001", "p10000002", "p10000004"}
    assert {len(splits) for splits in homes.values()} == {1}


def test_an_excel_file_says_what_the_csv_does(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    write_chexpert(tmp_path)
    assert chexpert(tmp_path) == 0
    before = table(tmp_path / "meta_chexpert_race_train.csv")
    book = openpyxl.Workbook()
    for row in DEMOGRAPHICS:
        cells = row.replace(", non", "; non").split(",")
        book.active.append([cell.replace("; non", ", non").strip('"') for cell in cells])
    book.save(tmp_path / "CHEXPERT DEMO.xlsx")
    assert chexpert(tmp_path, "--people", tmp_path / "CHEXPERT DEMO.xlsx") == 0
    assert table(tmp_path / "meta_chexpert_race_train.csv") == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (TRAIN[0].replace(",1.0", ",2.0"), "has the label '2', known are 1, 0, -1 and nothing"),
        (TRAIN[2], "comes twice; keep one of the rows"),
        ("somewhere/view1.jpg,Male,60,Frontal,PA,,0.0", "names no patient"),
        (TRAIN[0].replace(",59,", ",old,"), "Age 'old' is no number"),
    ],
)
def test_an_odd_row_is_named(
    tmp_path: Path, line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_chexpert(tmp_path)
    write_lines(tmp_path / FOLDER / "train.csv", [CHEXPERT, line, *TRAIN[1:]])
    assert chexpert(tmp_path) == 3
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_what_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_chexpert(tmp_path)
    assert chexpert(tmp_path, "--target", "Effusion") == 3
    assert "no column 'Effusion'" in capsys.readouterr().err
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert chexpert(tmp_path, "--out", elsewhere, "--images", tmp_path) == 2
    assert "without moving them: ln -s" in capsys.readouterr().err
    assert chexpert(tmp_path, "--images", elsewhere) == 3
    assert "holds none of the first pictures" in capsys.readouterr().err
    (tmp_path / FOLDER / "valid.csv").unlink()
    assert chexpert(tmp_path) == 3
    assert "no valid.csv or valid.csv.gz" in capsys.readouterr().err


def test_linked_pictures_are_found(tmp_path: Path) -> None:
    write_chexpert(tmp_path / "disk")
    out = tmp_path / "site"
    out.mkdir()
    (out / FOLDER).symlink_to(tmp_path / "disk" / FOLDER)
    assert chexpert(tmp_path / "disk", "--out", out, "--images", out / FOLDER) == 0
    assert len(FairFedMedChest(out, "train").ids) + len(FairFedMedChest(out, "val").ids) == 3


def test_rules_of_words() -> None:
    assert race_of(["White, non-Hispanic"]) == race_of(["WHITE - BRAZILIAN", "UNKNOWN"]) == 0
    assert race_of(["ASIAN"]) == 1
    assert race_of(["BLACK/AFRICAN AMERICAN", "Black or African American"]) == 2
    assert race_of(["WHITE", "OTHER"]) == race_of(["Native Hawaiian or Other"]) == race_of([]) == -1
    assert [gender_of(w) for w in ("F", "male", "Female", "Unknown", "")] == [0, 1, 0, -1, -1]
    assert [age_of(y) for y in (59.9, 60, 0, 121, -1, float("nan"))] == [0, 1, 0, -1, -1, -1]
    assert label_of("-1", "negative", "ignore") == label_of("", "ignore", "negative") == 0
