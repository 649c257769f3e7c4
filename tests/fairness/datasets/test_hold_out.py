import hashlib
from pathlib import Path

import pytest
from fairseg_files import write_list, write_npz
from fairvlmed_files import write_split

from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.splits import is_held_out
from fairness.errors import DataError

NUMBERS = range(1, 61)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty files of thirty patients, in a training list without a validation list."""
    folder = tmp_path_factory.mktemp("held_out")
    for number in NUMBERS:
        write_npz(folder / f"data_{number:05d}.npz", pid=(number + 1) // 2)
    write_list(folder / "lists" / "train.txt", *(f"data_{n:05d}" for n in NUMBERS))
    return folder


def test_a_tenth_of_the_patients_is_held_out_by_their_hash() -> None:
    patients = [str(number) for number in range(20_000)]
    held_out = [patient for patient in patients if is_held_out(patient)]
    assert len(held_out) / len(patients) == pytest.approx(0.1, abs=0.01)
    # A tenth of the range of a hash ends, in hex, at 0.1999...
    digests = [hashlib.sha256(f"hold-out/{patient}".encode()).hexdigest() for patient in patients]
    assert held_out == [p for p, d in zip(patients, digests, strict=True) if d < "1" + "9" * 15]


def test_the_held_out_patients_are_validation_and_no_longer_training(root: Path) -> None:
    train, val = FairSeg(root, "train"), FairSeg(root, "val")
    assert train.is_carved
    assert val.is_carved
    assert not set(train.patients) & set(val.patients)
    assert sorted([*train.ids, *val.ids]) == [f"data_{n:05d}" for n in NUMBERS]
    assert set(val.patients) == {p for p in {*train.patients, *val.patients} if is_held_out(p)}
    assert 0 < len(val) < len(train)
    assert val.fingerprint() == FairSeg(root, "val").fingerprint() != train.fingerprint()


def test_an_added_file_moves_nobody(root: Path, tmp_path: Path) -> None:
    for number in [*NUMBERS, 61]:
        write_npz(tmp_path / "Training" / f"data_{number:05d}.npz", pid=(number + 1) // 2)
    before, after = FairSeg(root, "val"), FairSeg(tmp_path, "val")
    assert [i for i in after.ids if i != "data_00061"] == list(before.ids)


def test_a_validation_split_of_its_own_is_taken_as_it_is(tmp_path: Path) -> None:
    for number in range(1, 31):
        write_npz(tmp_path / "Training" / f"data_{number:05d}.npz")
    write_npz(tmp_path / "Validation" / "data_00031.npz")
    train, val = FairSeg(tmp_path, "train"), FairSeg(tmp_path, "val")
    assert (len(train), val.ids, train.is_carved) == (30, ("data_00031",), False)


def test_a_training_split_too_small_for_a_tenth_says_so(tmp_path: Path) -> None:
    patient = next(p for p in map(str, range(99)) if not is_held_out(p))
    write_npz(tmp_path / "Training" / "data_00001.npz", pid=patient)
    with pytest.raises(DataError, match="no usable file in the val split; too few patients"):
        FairSeg(tmp_path, "val")


def test_fairvlmed_holds_out_nothing(tmp_path: Path) -> None:
    write_split(tmp_path / "Training", count=30)
    assert len(FairVLMed(tmp_path, "train")) == 30
    with pytest.raises(DataError, match="no val split"):
        FairVLMed(tmp_path, "val")
