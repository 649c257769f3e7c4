from pathlib import Path

import pytest
from fairseg_files import write_list, write_npz

from fairness.datasets.fairseg import FairSeg
from fairness.datasets.splits import find_files
from fairness.errors import DataError


@pytest.mark.parametrize(
    "place", ["train.txt", "lists/train.txt", "lists/FairSeg_final/train.txt", "Training.txt"]
)
def test_a_list_is_found_wherever_it_lies(tmp_path: Path, place: str) -> None:
    for number in (1, 2, 3):
        write_npz(tmp_path / f"data_{number:05d}.npz")
    write_list(tmp_path / place, "data_00003.npz", "", " data_00001 ")
    write_list(tmp_path / "lists" / "readme.txt", "not a list")
    files = find_files(tmp_path, "train")
    assert files == [tmp_path / "data_00001.npz", tmp_path / "data_00003.npz"]


def test_folders_do_not_count_where_there_are_lists(tmp_path: Path) -> None:
    """The release's own train folder does not follow its lists."""
    write_npz(tmp_path / "train" / "data_00001.npz")
    write_npz(tmp_path / "train" / "data_00002.npz")
    write_npz(tmp_path / "other" / "data_00003.npz")
    write_list(tmp_path / "lists" / "train.txt", "data_00003", "data_00001")
    write_list(tmp_path / "lists" / "test.txt", "data_00002")
    assert [p.name for p in find_files(tmp_path, "train")] == ["data_00001.npz", "data_00003.npz"]
    assert find_files(tmp_path, "test") == [tmp_path / "train" / "data_00002.npz"]
    with pytest.raises(DataError, match=r"no val split .*lists: lists/test.txt, lists/train.txt"):
        find_files(tmp_path, "val")


@pytest.mark.parametrize(
    ("file", "line"),
    [("data_00012", "data_000012.npz"), ("data_000012", "data_00012"), ("12", "000012")],
)
def test_five_and_six_digits_name_the_same_file(tmp_path: Path, file: str, line: str) -> None:
    write_npz(tmp_path / f"{file}.npz")
    write_npz(tmp_path / "data_00120.npz")
    write_list(tmp_path / "test.txt", line)
    assert [p.stem for p in find_files(tmp_path, "test")] == [file]


def test_a_listed_file_that_is_absent_is_reported_or_skipped(tmp_path: Path) -> None:
    write_npz(tmp_path / "data_00001.npz")
    write_list(tmp_path / "test.txt", "data_00001", "data_00002")
    with pytest.raises(DataError, match=r"data_00002\.npz: no such file"):
        FairSeg(tmp_path, "test")
    split = FairSeg(tmp_path, "test", on_error="skip")
    assert (split.ids, [id_ for id_, _ in split.skipped]) == (("data_00001",), ["data_00002"])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("data_00001", "data_000001.npz"), "line 2: 'data_000001' is not the name of a file, or"),
        (("", "../data_00001.npz"), r"line 2: '\.\./data_00001' is not the name"),
        (("/etc/passwd",), "line 1: '/etc/passwd' is not the name"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    write_npz(tmp_path / "data_00001.npz")
    path = write_list(tmp_path / "test.txt", *lines)
    with pytest.raises(DataError, match=message) as caught:
        find_files(tmp_path, "test")
    assert str(path) in str(caught.value)


def test_nothing_is_guessed_between_two_lists_or_two_files(tmp_path: Path) -> None:
    write_npz(tmp_path / "a" / "data_00001.npz")
    write_npz(tmp_path / "b" / "data_00001.npz")
    write_list(tmp_path / "test.txt", "data_00001")
    with pytest.raises(DataError, match="line 1: 'data_00001' is both .*a/data.* and .*b/data"):
        find_files(tmp_path, "test")
    write_list(tmp_path / "lists" / "test.txt", "data_00001")
    with pytest.raises(DataError, match="both list the test split; keep one"):
        find_files(tmp_path, "test")


def test_an_empty_list_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    path = write_list(tmp_path / "test.txt")
    with pytest.raises(DataError, match=r"test\.txt: no npz files in the test split"):
        find_files(tmp_path, "test")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not readable as UTF-8 text"):
        find_files(tmp_path, "test")
