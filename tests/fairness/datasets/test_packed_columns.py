"""Packed columns give what tuples would, and a long index is read and written in blocks."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fairvlmed_files import write_npz, write_split

from fairness.datasets import folder_index, row_blocks
from fairness.datasets.column import Column, Texts, sorted_texts
from fairness.datasets.entries import Entries
from fairness.datasets.entry import Entry
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.place import Place

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


def test_entries_come_back_as_they_were() -> None:
    place = Place(64, 500, 500, 2**32 - 1, False, "|u1", 900)
    deflated = Place(64, 300, 500, 7, True, "|u1", 700)
    others = [
        (place, None),
        (place._replace(whole=901), place),
        (deflated, deflated._replace(packed=20)),
        (place._replace(offset=128, crc=0), None),
        (deflated._replace(packed=299), None),
        (None, None),
    ]
    given = [
        Entry(
            id=f"s{i}",
            path=Path(f"folder/{'other' if i == 1 else f's{i}'}.npz"),
            codes={"race": i % 2},
            covariates={"age": 50.0 + i},
            patient="p" if i < 2 else f"s{i}",
            digest=hashlib.sha256(bytes([i])).digest(),
            image_checksum=f"slo {0 if image is None else image.crc:08x} 500",
            shape=(20, 22),
            label=i % 2,
            place=image,
            mask_place=mask,
        )
        for i, (image, mask) in enumerate(others)
    ]
    packed = Entries(given)
    assert [replace(entry, digest=b"") for entry in packed] == [
        replace(entry, digest=b"") for entry in given
    ]
    kept = [given[i].digest[:16] for i in (2, 4, 5)]
    assert [packed.digest_of(i) for i in (2, 4, 5)] == kept  # those that are decoded
    for i, entry in enumerate(given):
        one = packed.stored(i)
        assert one.path == str(entry.path)
        assert all(getattr(one, n) == getattr(entry, n) for n in one._fields if n != "path")
    with_sex = packed.with_codes("sex", np.arange(6))
    assert with_sex[5].codes == {"race": 1, "sex": 5}
    whole = hashlib.sha256(b"".join(entry.digest for entry in given)).hexdigest()
    assert packed.close() == with_sex.close() == whole
