"""Packed columns give what tuples would, and a long index is read and written in blocks."""

import os
from pathlib import Path

import pytest
from fairvlmed_files import write_npz, write_split

from fairness.datasets import folder_index, row_blocks
from fairness.datasets.column import Column, Texts, sorted_texts
from fairness.datasets.entry import Entry
from fairness.datasets.fairvlmed import FairVLMed

TEXTS = ["b", "", "a", "\u20ac", "\ud800", "\ue000", "\U0001f600", "ab", "z" * 200]


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:-1], [], [str(n) for n in range(2500)]])
def test_texts_are_those_that_were_taken_and_are_sorted_as_texts(texts: list[str]) -> None:
    assert Texts(texts).column() == tuple(texts)
    assert sorted_texts(texts) == tuple(sorted(texts))


def test_a_column_is_like_a_tuple() -> None:
    column = Column(4, str)
    assert column == ("0", "1", "2", "3")
    assert column != ("0", "1", "2")
    assert (column[-1], column[1:3], list(column)) == ("3", ("1", "2"), ["0", "1", "2", "3"])
    assert ("2" in column, column.index("2")) == (True, 2)
    with pytest.raises(IndexError):
        column[4]


def test_an_index_of_several_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(folder_index, "LEAST", 2)
    monkeypatch.setattr(folder_index, "SETTLED", 0)
    monkeypatch.setattr(row_blocks, "BLOCK", 3)
    files = tmp_path / "Test"
    write_split(files, 11)
    opened: list[str] = []
    read = FairVLMed._read_entry

    def noting(split: FairVLMed, path: Path) -> Entry:
        opened.append(path.stem)
        return read(split, path)

    monkeypatch.setattr(FairVLMed, "_read_entry", noting)

    def newly_opened() -> list[str]:
        opened.clear()
        split, seen = FairVLMed(tmp_path, "test"), list(opened)
        whole = FairVLMed(tmp_path, "test", index=False)
        assert [str(e) for e in split._entries] == [str(e) for e in whole._entries]
        assert split.fingerprint() == whole.fingerprint()
        assert split.notes == ()
        return seen

    assert len(newly_opened()) == 11
    assert newly_opened() == []
    write_npz(files / "data_00005.npz", race=0)
    write_npz(files / "data_00000.npz", race=1)
    os.unlink(files / "data_00008.npz")
    assert newly_opened() == ["data_00000", "data_00005"]
    assert newly_opened() == []
    (index,) = folder_index.folder().iterdir()
    assert index.read_bytes().count(b"data_00005.npz") == 1
    assert b"data_00008" not in index.read_bytes()
