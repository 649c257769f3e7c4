"""Any key or column as an attribute of the five readers, against what was written there."""

from pathlib import Path

import fairseg_files
import numpy as np
import pytest
from fairfedmed_files import write_chest, write_lines, write_oph
from fairvlmed_files import small_image, write_npz

from audit.cli import run
from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.npz import Npz
from fairness.datasets.reader import Split
from fairness.errors import DataError, UsageError


def named_groups(split: Split, name: str) -> list[str]:
    attribute = {a.name: a for a in split.attributes}[name]
    assert attribute.groups == tuple(sorted(attribute.groups))
    labels = [attribute.label(code) for code in split.codes[name]]
    assert [attribute.label(split.read(i).attributes[name]) for i in range(len(split))] == labels
    return labels


@pytest.fixture
def eyes(tmp_path: Path) -> Path:
    """FairSeg with a code, a word, a key that some files lack, and one with no numbers at all."""
    for number, (glaucoma, scanner) in enumerate([(0, "Siemens"), (1.0, "GE"), (-1, "n/a")]):
        more = {} if number else {"iop_band": 2}
        fairseg_files.write_npz(
            tmp_path / "Test" / f"data_{number}.npz",
            glaucoma=glaucoma, scanner=scanner, ratio=0.25 * number, **more,
        )  # fmt: skip
    return tmp_path


def test_a_key_of_codes_or_words_becomes_groups(eyes: Path) -> None:
    split = FairSeg(eyes, "test", further=("scanner", "glaucoma", "race", "iop_band", "ratio"))
    assert [a.name for a in split.attributes] == [
        "race", "gender", "ethnicity", "language", "maritalstatus",
        "scanner", "glaucoma", "iop_band", "ratio",
    ]  # fmt: skip
    assert named_groups(split, "glaucoma") == ["0", "1", "unknown"]
    assert named_groups(split, "scanner") == ["Siemens", "GE", "unknown"]
    assert named_groups(split, "iop_band") == ["2", "unknown", "unknown"]
    assert named_groups(split, "ratio") == ["0", "0.25", "0.5"]
    assert split.attributes[0].groups == ("Asian", "Black", "White"), "race keeps its codes"
    assert split.fingerprint() == FairSeg(eyes, "test").fingerprint()


def test_no_other_key_is_read(eyes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    scalar = Npz.scalar

    def noted(npz: Npz, key: str) -> object:
        read.append(key)
        return scalar(npz, key)

    monkeypatch.setattr(Npz, "scalar", noted)
    split = FairSeg(eyes, "test", further=("scanner",))
    assert "scanner" in read
    assert not {"glaucoma", "ratio", "iop_band"} & set(read)
    assert {a.name for a in split.attributes} & {"glaucoma", "ratio"} == set()


def test_a_column_of_the_summary_becomes_groups_and_counts_for_the_digest(tmp_path: Path) -> None:
    def opened(scanner: str) -> FairVLMed:
        write_lines(
            tmp_path / "data_summary.csv",
            ["filename,Scanner,use", f"data_1.npz,{scanner},test", "data_2.npz,GE,test"],
        )
        return FairVLMed(tmp_path, "test", further=("Scanner", "age"))

    for number in (1, 2):
        write_npz(tmp_path / f"data_{number}.npz", slo_fundus=small_image(number), age=number)
    split = opened("Siemens")
    assert named_groups(split, "Scanner") == ["Siemens", "GE"]
    assert named_groups(split, "age") == ["1", "2"]
    assert "age" not in split.covariates, "one name is one column of the outcomes"
    assert split.fingerprint() != opened("Philips").fingerprint()


def test_two_rows_of_one_file_are_refused(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "data_1.npz")
    write_lines(tmp_path / "data_summary.csv", ["filename,scanner", "data_1,A", "data_1.npz,B"])
    assert len(FairVLMed(tmp_path, "test")) == 1
    with pytest.raises(DataError, match="row 2: 'data_1' comes twice"):
        FairVLMed(tmp_path, "test", further=("scanner",))


def test_federated_readers_look_into_the_csv_of_a_site(tmp_path: Path) -> None:
    write_oph(tmp_path / "eyes", "meta_site1_race_test", [1, 2], kind="slo")
    lines = ["filename,dept", "data_00001.npz,North", "data_00002.npz,?"]
    write_lines(tmp_path / "eyes" / "meta_site1_race_test.csv", lines)
    split = FairFedMedOph(tmp_path / "eyes", "test", further=("dept", "kind", "site"))
    assert named_groups(split, "dept") == ["North", "unknown"]
    assert named_groups(split, "kind") == ["slo", "slo"]
    assert [a.name for a in split.attributes].count("site") == 1

    chest = tmp_path / "chest"
    write_chest(chest, "meta_nih_race_test", ["a.png,1,0,1,0", "b.png,0,1,0,1"])
    header = "filename,disease_label,race_label,gender_label,age_label,View"
    write_lines(chest / "meta_nih_race_test.csv", [header, "a.png,1,0,1,0,PA", "b.png,0,1,0,1,AP"])
    found = FairFedMedChest(chest, "test", further=("view",))
    assert named_groups(found, "view") == ["PA", "AP"]
    assert found.fingerprint() != FairFedMedChest(chest, "test").fingerprint()
    with pytest.raises(UsageError, match=r"no attribute 'veiw'.*disease_label.*view"):
        FairFedMedChest(chest, "test", further=("veiw",))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scaner", r"no attribute 'scaner' \(it has: race, .*has: .*glaucoma, .*scanner\)"),
        ("md", r"'md' has 23 different numbers.*--age-bins or --control"),
        ("patient", "'patient' cannot be an attribute"),
        ("cup_dice", "'cup_dice' cannot be an attribute"),
    ],
)
def test_what_is_no_attribute_is_refused(tmp_path: Path, name: str, message: str) -> None:
    for number in range(25):
        fairseg_files.write_npz(
            tmp_path / "Test" / f"data_{number}.npz",
            md=-0.5 * number, patient=f"p{number}", glaucoma=1, scanner="GE", cup_dice=1,
        )  # fmt: skip
    with pytest.raises(UsageError, match=message):
        FairSeg(tmp_path, "test", further=(name,))


@pytest.mark.parametrize("value", ["x" * 201, np.zeros(3)])
def test_what_is_no_single_short_value_names_the_file(tmp_path: Path, value: object) -> None:
    fairseg_files.write_npz(tmp_path / "Test" / "data_7.npz", odd=value)
    with pytest.raises(DataError, match=r"data_7\.npz: 'odd' is"):
        FairSeg(tmp_path, "test", further=("odd",))


def test_inspect_counts_further_groups(eyes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--dataset", "fairseg", "--attributes", "scanner,glaucoma"]
    assert run(["inspect", str(eyes), *flags]) == 0
    printed = capsys.readouterr().out
    assert "Siemens" in printed
    assert "test: glaucoma unknown for 33.3%" in printed
    assert run(["inspect", str(eyes), *flags[:3], "shoe"]) == 2
    assert "no attribute 'shoe'" in capsys.readouterr().err
