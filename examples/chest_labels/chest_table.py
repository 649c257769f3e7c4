"""Makes a table of NIH's list of findings: a column for each of three labels, and the splits.

python chest_table.py --entries Data_Entry_2017_v2020.csv --images images

Rows whose picture is not in the folder are left out, so a part of the archive will do. A patient
is either in training or in the test: the number of a patient alone decides.
"""

import argparse
import csv
from pathlib import Path
from zlib import crc32

LABELS = ("Effusion", "Infiltration", "Atelectasis")
TEST_SHARE = 0.4


def split_of(patient: str) -> str:
    """`train` or `test`."""
    return "test" if crc32(patient.encode()) / 2**32 < TEST_SHARE else "train"


def main() -> None:
    """Write `table.csv`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=Path, required=True, help="NIH's csv file of findings")
    parser.add_argument("--images", type=Path, required=True, help="folder of its pictures")
    flags = parser.parse_args()
    there = {path.name for path in flags.images.glob("*.png")}
    if not there:
        raise SystemExit(f"{flags.images}: no png files; README.md says where they come from")
    counts = {"train": 0, "test": 0}
    with flags.entries.open(newline="") as entries, Path("table.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", *LABELS, "patient", "sex", "age", "view", "split"])
        for row in csv.DictReader(entries):
            if row["Image Index"] not in there:
                continue
            findings = row["Finding Labels"].split("|")
            labels = [int(label in findings) for label in LABELS]
            patient, split = row["Patient ID"], split_of(row["Patient ID"])
            sex = row.get("Patient Gender") or row.get("Patient Sex")
            age = row["Patient Age"].rstrip("Y")  # 58, or 058Y in the first edition
            view = row["View Position"]
            table.writerow([row["Image Index"], *labels, patient, sex, age, view, split])
            counts[split] += 1
    print(f"table.csv: {counts['train']} pictures for training, {counts['test']} for the test")


if __name__ == "__main__":
    main()
