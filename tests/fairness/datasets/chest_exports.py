"""Small exports as CheXpert and MIMIC-CXR publish them, with pictures, for the tests of prepare."""

import gzip
from pathlib import Path

from fairfedmed_files import write_lines, write_picture

CHEXPERT = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Pleural Effusion"
TRAIN = (
    "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,59,Frontal,AP,,1.0",
    "CheXpert-v1.0-small/train/patient00001/study1/view2_lateral.jpg,Female,59,Lateral,,,1.0",
    "CheXpert-v1.0-small/train/patient00002/study1/view1_frontal.jpg,Male,60,Frontal,PA,,0.0",
    "CheXpert-v1.0-small/train/patient00003/study1/view1_frontal.jpg,Male,90,Frontal,AP,,-1.0",
    "CheXpert-v1.0-small/train/patient00004/study1/view1_frontal.jpg,Unknown,34,Frontal,AP,1.0,",
    "CheXpert-v1.0-small/train/patient00004/study2/view1_frontal.jpg,Unknown,35,Frontal,AP,,0.0",
    "CheXpert-v1.0-small/train/patient00005/study1/view1_frontal.jpg,Male,,Frontal,AP,,1.0",
)
VALID = (
    "CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,0.0,0.0",
    "CheXpert-v1.0-small/valid/patient64542/study1/view1_frontal.jpg,Female,45,Frontal,PA,0.0,1.0",
)
NOT_THERE = "patient00005"
DEMOGRAPHICS = (
    "PATIENT,GENDER,AGE_AT_CXR,PRIMARY_RACE,ETHNICITY",
    'patient00001,Female,59,"Black, non-Hispanic",Non-Hispanic/Non-Latino',
    "patient00002,Male,60,White,Hispanic/Latino",
    "patient00004,Male,34,Other,Unknown",
    "patient64541,Male,73,Asian - Historical Conv,Non-Hispanic/Non-Latino",
    "patient64542,Female,45,Unknown,",
)


def write_chexpert(root: Path) -> None:
    """Both csv files in `CheXpert-v1.0-small`, its pictures but one, and `demo.csv`."""
    folder = root / "CheXpert-v1.0-small"
    write_lines(folder / "train.csv", [CHEXPERT, *TRAIN])
    write_lines(folder / "valid.csv", [CHEXPERT, *VALID])
    write_lines(root / "demo.csv", DEMOGRAPHICS)
    for row in (*TRAIN, *VALID):
        if NOT_THERE not in row:
            write_picture(root / row.split(",")[0])


MIMIC = "mimic-cxr-2.0.0-"
LABELS = (
    "subject_id,study_id,Atelectasis,Pleural Effusion",
    "10000001,50000001,,1.0",
    "10000001,50000002,,0.0",
    "10000002,50000003,,0.0",
    "10000003,50000004,,-1.0",
    "10000004,50000005,,0.0",
)
METADATA = (
    "dicom_id,subject_id,study_id,ViewPosition,StudyDate",
    "a1,10000001,50000001,PA,21800506",
    "a2,10000001,50000001,LATERAL,21800506",
    "a3,10000001,50000002,AP,21820101",
    "b1,10000002,50000003,AP,21510203",
    "c1,10000003,50000004,AP,21510203",
    "d1,10000004,50000005,PA,21510203",
    "e1,10000005,50000006,PA,21510203",
)
SPLIT = (
    "dicom_id,study_id,subject_id,split",
    "a1,50000001,10000001,train",
    "a2,50000001,10000001,train",
    "a3,50000002,10000001,train",
    "b1,50000003,10000002,validate",
    "c1,50000004,10000003,test",
    "d1,50000005,10000004,test",
    "e1,50000006,10000005,test",
)
PATIENTS = (
    "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod",
    "10000001,F,58,2180,2008 - 2010,",
    "10000002,M,91,2150,2008 - 2010,",
    "10000003,M,40,2150,2008 - 2010,",
    "10000004,F,0,2150,2008 - 2010,",
)
ADMISSIONS = (
    "subject_id,hadm_id,race",
    "10000001,1,UNKNOWN",
    "10000001,2,WHITE - RUSSIAN",
    "10000002,3,BLACK/CAPE VERDEAN",
    "10000002,4,WHITE",
    "10000004,5,ASIAN - CHINESE",
)


def write_packed(path: Path, lines: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))


def write_mimic(root: Path) -> None:
    """The tables in `mimic` and `hosp`, and the pictures in `files`."""
    for name, lines in (("chexpert", LABELS), ("metadata", METADATA), ("split", SPLIT)):
        write_packed(root / "mimic" / f"{MIMIC}{name}.csv.gz", lines)
    write_packed(root / "hosp" / "patients.csv.gz", PATIENTS)
    write_lines(root / "hosp" / "admissions.csv", ADMISSIONS)
    for row in METADATA[1:]:
        dicom, subject, study, *_ = row.split(",")
        write_picture(root / "files" / f"p{subject[:2]}/p{subject}/s{study}/{dicom}.jpg")
