"""A csv beside pictures, audited through the real server, against the same data as npz files."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from fair_audit_runs import audit, failure
from PIL import Image as Pillow
from tritonclient.grpc import InferenceServerClient

from audit.cli import run
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.file_split import FileSplit

pytest_plugins = ["audit_fixtures"]

STORED = np.array([255, 128, 0], np.uint8)
"""How the masks here write background, rim and cup."""


def write_table(folder: Path, split: FileSplit) -> Path:
    """The samples of a split as PNG files, and a table of them: groups as words."""
    rows: list[dict[str, Any]] = []
    folder.mkdir()
    for index, id_ in enumerate(split.ids):
        sample = split.read(index)
        row: dict[str, Any] = {"key": id_, "person": split.patients[index], "use": "Testing"}
        row |= {a.name: a.label(sample.attributes[a.name]) for a in split.attributes}
        row |= {name: values[index] for name, values in split.covariates.items()}
        row["picture"] = f"{id_}.png"
        Pillow.fromarray(sample.image).save(folder / row["picture"])
        if isinstance(sample.target, int):
            row["finding"] = ("healthy", "glaucoma")[sample.target]
        else:
            row["drawn"] = f"{id_}_mask.png"
            Pillow.fromarray(STORED[sample.target]).save(folder / row["drawn"])
        rows.append(row)
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder / "people.csv"


@pytest.fixture(scope="module")
def people(split_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "data"
    return write_table(folder, FairVLMed(split_root, "test"))


COLUMNS = ("--file", "picture", "--id", "key", "--patient", "person", "--split-column", "use",
           "--attributes", "race,gender,ethnicity,language,maritalstatus")  # fmt: skip
LABELS = ("--target", "finding", "--positive", "glaucoma")


def mean_grey_of(path: Path) -> float:
    with Pillow.open(path) as picture:
        return float(np.asarray(picture).mean()) / 255


def numbers(out: Path) -> list[dict[str, str]]:
    with (out / "report" / "groups.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k != "dataset"} for row in csv.DictReader(file)]


@pytest.mark.further
def test_a_table_of_pictures_gives_the_report_of_the_npz_files(
    endpoint: str, split_root: Path, people: Path, tmp_path: Path
) -> None:
    sound = ("--model", "sound", "--replicates", 100, "--age-bins", "decades")
    assert audit(endpoint, *sound, "--data", split_root, "--out", tmp_path / "npz") == 0
    flags = ("--data", people, *COLUMNS, *LABELS, "--out", tmp_path / "csv")
    assert audit(endpoint, *sound, *flags) == 0
    assert len(numbers(tmp_path / "npz")) > 50
    assert numbers(tmp_path / "csv") == numbers(tmp_path / "npz")
    rows = pq.read_table(tmp_path / "csv" / "records" / "outcomes.parquet").to_pydict()
    means = {path.stem: mean_grey_of(path) for path in people.parent.glob("*.png")}
    np.testing.assert_allclose(rows["score"], [means[id_] for id_ in rows["id"]], atol=1e-5)
    assert [*rows["id"]] == sorted(means)
    for file in (tmp_path / "csv" / "report").rglob("*.*"):
        assert not [id_ for id_ in means if id_.encode() in file.read_bytes()], file


@pytest.mark.further
def test_masks_of_a_table_give_the_report_of_the_npz_files(
    endpoint: str, masks_root: Path, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "data", FairSeg(masks_root, "test"))
    (table.parent / "data.yaml").write_text(
        "file: picture\nid: key\npatient: person\nsplit_column: use\nmask: drawn\n"
        "mask_values: [255=background, 128=rim, 0=cup]\n"
    )
    quick = ("--model", "masks", "--replicates", 100, "--no-distances", "--worst", 1)
    assert audit(endpoint, *quick, "--data", masks_root, "--out", tmp_path / "npz") == 0
    assert audit(endpoint, *quick, "--data", table, "--out", tmp_path / "csv") == 0
    assert numbers(tmp_path / "csv") == numbers(tmp_path / "npz")


def test_any_column_can_be_an_attribute_and_a_row_can_be_skipped(
    endpoint: str, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with people.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["scanner"] = ("Siemens", "GE Healthcare")[number % 2]
        row["picture"] = str(people.parent / row["picture"])
    rows[4]["picture"] = "absent.png"
    with (tmp_path / "t.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    flags = ("--model", "sound", "--data", tmp_path / "t.csv", "--images", people.parent,
             *COLUMNS, *LABELS, "--site", "scanner", "--replicates", 100)  # fmt: skip
    stopped = failure(capsys, 3, endpoint, *flags, "--out", tmp_path / "run")
    assert "t.csv row 5: no file" in stopped
    assert audit(endpoint, *flags, "--on-error", "skip", "--out", tmp_path / "run") == 0
    found = {r["group"]: r for r in numbers(tmp_path / "run") if r["attribute"] == "scanner"}
    assert {"Siemens", "GE Healthcare"} <= set(found)
    skipped = (tmp_path / "run" / "records" / "skipped.csv").read_text().splitlines()
    assert len(skipped) == 2
    assert "row 5" in skipped[1]


@pytest.fixture
def inferences(endpoint: str) -> Callable[[], int]:
    def count() -> int:
        client = InferenceServerClient(endpoint)
        statistics = client.get_inference_statistics()
        client.close()
        return sum(model.inference_count for model in statistics.model_stats)

    return count


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--file", "image"), 2, "no column 'image'"),
        (("--target", "dx"), 2, "no column 'dx'"),
        (("--target", "finding"), 3, "'finding' must have two values"),
        (("--window", "wide"), 2, "--window: 'wide' is not LOW,HIGH"),
        (("--mask-values", "lens=7"), 2, "--mask-values: 'lens=7'"),
        (("--map", "race:B"), 2, "--map: 'race:B' is not COLUMN:OLD=NEW"),
        (("--split", "val"), 3, "no row of the val split in column 'use'"),
        (("--model", "masks"), 2, "no column 'mask'"),
    ],
)
def test_a_table_is_refused_before_anything_is_sent(
    endpoint: str, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    inferences: Callable[[], int], flags: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    before = inferences()
    where = ("--model", "sound", "--data", people, *COLUMNS, "--out", tmp_path / "run")
    named = () if "--target" in flags else LABELS
    assert message in failure(capsys, code, endpoint, *where, *named, *flags)
    assert inferences() == before
    assert not (tmp_path / "run").exists()


def test_flags_of_a_table_need_one(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--model", "sound", "--data", split_root, "--out", tmp_path / "run")
    line = failure(capsys, 2, endpoint, *where, "--split-column", "use")
    assert "--split-column is of tables" in line
    where = ("--model", "sound", "--data", tmp_path / "none.csv", "--out", tmp_path / "run")
    assert "none.csv: no such file" in failure(capsys, 3, endpoint, *where)


def test_inspect_shows_what_a_table_holds(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = [*COLUMNS, *LABELS]
    assert run(["inspect", str(people), *flags]) == 0
    printed = capsys.readouterr().out
    assert "Testing: 90 images" in printed
    assert "patients in more than one split: 0" in printed
    assert run(["inspect", str(people), *flags, "--attributes", "shoe"]) == 2
    assert "no column 'shoe'" in capsys.readouterr().err
