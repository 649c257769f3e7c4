"""A split opened from its index is the split that its files would give; nothing else is trusted."""

import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairfedmed_files import small_volume, write_oph
from fairvlmed_files import small_image, write_npz, write_split
from index_files import said, sealed, with_seal

from fairness.datasets import folder_index
from fairness.datasets.fairfedmed import FairFedMedOct
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.folder_index import folder
from fairness.errors import DataError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Indexes of a folder of this test's own, kept of few files that have just been written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(folder_index, "LEAST", 2)
    monkeypatch.setattr(folder_index, "SETTLED", 0)
    return tmp_path / "cache"


def unopened(root: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> FairVLMed:
    """The split, where no npz file can be opened."""
    with monkeypatch.context() as patched:
        patched.setattr(zipfile, "ZipFile", None)
        return FairVLMed(root, "test", **options)


def write_some(root: Path) -> None:
    write_split(root / "Test", 4)
    write_npz(root / "Test" / "data_00009.npz", race=-1, age=None, md="unknown", pid="p 7", site=3)
    write_npz(root / "Test" / "data_00010.npz", race=None, pid=12.0, site="north")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"target": "gender"},
        {"further": ("site", "note_extra")},
        {"text_source": "label"},
        {"text_source": "note"},
    ],
    ids=str,
)
def test_an_index_says_what_the_files_say(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_some(tmp_path)
    rows = [[f"data_{n:05d}", "", f"note {n}"] for n in (1, 2, 3, 4, 9, 10)]
    notes = "\n".join(",".join(row) for row in rows)
    (tmp_path / "gpt-4_summarized_notes.csv").write_text(notes)
    expected = said(FairVLMed(tmp_path, "test", index=False, **options))
    assert not folder().exists()
    assert said(FairVLMed(tmp_path, "test", **options)) == expected
    split = unopened(tmp_path, monkeypatch, **options)
    assert said(split) == expected
    np.testing.assert_array_equal(split.read(0).image, small_image(1))
    assert split.notes == ()


def test_federated_data_have_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_oph(tmp_path, "meta_site1_race_test", range(3))
    write_oph(tmp_path, "meta_site2_race_test", range(3, 6), race=1)
    expected = said(FairFedMedOct(tmp_path, "test", index=False))
    assert said(FairFedMedOct(tmp_path, "test")) == expected
    monkeypatch.setattr(zipfile, "ZipFile", None)
    split = FairFedMedOct(tmp_path, "test")
    assert said(split) == expected
    assert split.codes["site"].tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(split.read(4).image, small_volume(4))


def test_options_do_not_share_what_they_change(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", 3, glaucoma=1, gender=0)
    assert FairVLMed(tmp_path, "test").labels.tolist() == [1, 1, 1]
    assert FairVLMed(tmp_path, "test", target="gender").labels.tolist() == [0, 0, 0]
    assert len(list(folder().iterdir())) == 2


def test_changed_new_and_removed_files_are_noticed(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", 4)
    FairVLMed(tmp_path, "test")
    one, two, three, _ = sorted((tmp_path / "Test").iterdir())
    stat = one.stat()
    write_npz(one, race=0)  # of the same size, with the time that it had before
    os.utime(one, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert one.stat().st_size == stat.st_size
    write_npz(two, age=77)
    three.unlink()
    write_npz(tmp_path / "Test" / "data_00007.npz", race=1)
    expected = said(FairVLMed(tmp_path, "test", index=False))
    assert expected["codes"]["race"] == [0, 2, 2, 1]
    for _ in range(2):
        assert said(FairVLMed(tmp_path, "test")) == expected


def test_files_that_changed_just_now_are_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_index, "SETTLED", 60_000_000_000)
    write_split(tmp_path / "Test", 4)
    FairVLMed(tmp_path, "test")
    assert not folder().exists()


def test_faults_are_found_again_each_time(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", 3)
    write_npz(tmp_path / "Test" / "data_00002.npz", glaucoma=7)
    for _ in range(2):
        split = FairVLMed(tmp_path, "test", on_error="skip")
        assert [id_ for id_, _ in split.skipped] == ["data_00002"]
        assert split.ids == ("data_00001", "data_00003")
        with pytest.raises(DataError, match="'glaucoma' is 7"):
            FairVLMed(tmp_path, "test")


DAMAGES = {
    "truncated": lambda content: content[:-9],
    "empty": lambda content: b"",
    "flipped": lambda content: content.replace(b"data_00001", b"data_00007"),
    "no json": lambda content: with_seal(b"[[\n"),
    "deep": lambda content: with_seal(b"[" * 99999 + b"\n"),
    "a number": sealed(lambda columns: 3),
    "fewer columns": sealed(lambda columns: columns[1:]),
    "uneven": sealed(lambda columns: [columns[0][1:], *columns[1:]]),
    "texts for times": sealed(lambda columns: [columns[0], *[["1"] * 3] * 3, *columns[4:]]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_index_is_ignored_with_a_word_and_written_anew(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_split(tmp_path / "Test", 3)
    expected = said(FairVLMed(tmp_path, "test"))
    (path,) = folder().iterdir()
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    split = FairVLMed(tmp_path, "test")
    assert said(split) == expected
    assert len(split.notes) == 1
    assert "no index that can be read" in split.notes[0]
    assert str(path) in split.notes[0]
    assert said(unopened(tmp_path, monkeypatch)) == expected


@pytest.mark.parametrize(
    "value", [None, "x", -1, [], [1], ["a", {}], {"race": "x"}, 1e300, [10**9] * 2], ids=str
)
def test_odd_values_behind_a_right_checksum_break_nothing(value: object, tmp_path: Path) -> None:
    write_split(tmp_path / "Test", 3)
    FairVLMed(tmp_path, "test")
    (path,) = folder().iterdir()
    whole = path.read_bytes()
    for column in range(4, 15):

        def change(columns: Any, column: int = column) -> Any:
            return [*columns[:column], [value] * 3, *columns[column + 1 :]]

        path.write_bytes(sealed(change)(whole))
        image = small_image(1)
        with suppress(DataError):
            image = FairVLMed(tmp_path, "test").read(0).image
        np.testing.assert_array_equal(image, small_image(1))


def test_indexes_are_the_user_s_alone(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", 3)
    FairVLMed(tmp_path, "test")
    (path,) = folder().iterdir()
    assert (path.stat().st_mode & 0o777, folder().stat().st_mode & 0o777) == (0o600, 0o700)
    assert "data_00001" in path.read_text()


def test_indexes_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_split(tmp_path / "Test", 3)
    FairVLMed(tmp_path, "test", index=False)
    monkeypatch.setenv("FAIR_AUDIT_INDEX", "off")
    FairVLMed(tmp_path, "test")
    assert not folder().exists()


def test_where_none_can_be_kept_there_is_a_word(tmp_path: Path, cache: Path) -> None:
    write_split(tmp_path / "Test", 3)
    cache.write_text("no folder")
    split = FairVLMed(tmp_path, "test")
    assert len(split) == 3
    assert "opening it takes as long next time" in split.notes[0]


def test_few_files_need_none_and_old_indexes_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_index, "MOST_INDEXES", 2)
    for name, count in (("a", 1), ("b", 3), ("c", 3), ("d", 3)):
        write_split(tmp_path / name / "Test", count)
        FairVLMed(tmp_path / name, "test")
    assert len(list(folder().iterdir())) == 2
