import json
from pathlib import Path

import pytest
from fairvlmed_files import write_npz, write_split
from hypothesis import given
from hypothesis import strategies as st

from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.notes import truncate
from fairness.datasets.reader import TextSource
from fairness.datasets.stream import samples
from fairness.errors import DataError

GOLDEN = Path(__file__).parents[2] / "golden" / "note_truncation.json"


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text()))
def test_truncation_equals_the_original(case: dict[str, str]) -> None:
    assert truncate(case["input"]) == case["expected"]


@given(st.text(alphabet="ab ", max_size=400).map(str.strip))
def test_a_truncated_note_is_a_beginning_that_ends_at_a_word(note: str) -> None:
    cut = truncate(note)
    assert note.startswith(cut)
    assert len(cut) <= 180
    if len(note) <= 180:
        assert cut == note
    elif " " in note[:180]:
        assert note[len(cut)] == " "


def texts(root: Path, source: TextSource = "note") -> list[str | None]:
    return [sample.text for sample in samples(FairVLMed(root, "test", text_source=source))]


@pytest.mark.parametrize("name", ["gpt-4_summarized_notes.csv", "gpt4_summarized_notes.csv"])
@pytest.mark.parametrize(
    "header", ["File Name,Original Note,Summarized Note", "filename,note,gpt4_summary"]
)
def test_summaries_are_read_by_position_under_either_name_and_header(
    tmp_path: Path, name: str, header: str
) -> None:
    write_split(tmp_path / "Test", count=2)
    (tmp_path / name).write_text(
        f'{header}\ndata_00002.npz,long,two\ndata_00001.npz ,"a, b\nc"," one, and\nmore "\n'
    )
    assert texts(tmp_path) == ["one, and\nmore", "two"]


def test_summaries_come_before_the_table_and_the_table_before_the_npz(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1, note="from the npz")
    assert texts(tmp_path) == ["from the npz"]
    table = tmp_path / "data_summary.csv"
    table.write_text("filename,age\ndata_00001.npz,50\n")
    assert texts(tmp_path) == ["from the npz"]
    table.write_text("filename,note\ndata_00001.npz,from its notes\n")
    assert texts(tmp_path) == ["from its notes"]
    table.write_text("filename,note,gpt4_summary\ndata_00001.npz,its note,from its summaries\n")
    assert texts(tmp_path) == ["from its summaries"]
    assert texts(tmp_path, "original") == ["its note"]
    (tmp_path / "gpt-4_summarized_notes.csv").write_text("a,b,c\ndata_00001.npz,x,a summary\n")
    assert texts(tmp_path, "original") == ["its note"]
    (tmp_path / "original_notes.csv").write_text("a,b,c\ndata_00001.npz,x,the whole note\n")
    assert texts(tmp_path, "original") == ["the whole note"]
    assert texts(tmp_path) == ["a summary"]
    (tmp_path / "gpt-4_summarized_notes.csv").write_text("f,n,s\ndata_00001,x,from the csv\n")
    assert texts(tmp_path) == ["from the csv"]


def test_a_long_note_is_truncated(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1, note="  " + "word " * 60)
    assert texts(tmp_path) == [("word " * 36).strip()]


@pytest.mark.parametrize("note", ["", "  \n", None])
def test_an_empty_note_names_the_file_and_the_way_out(tmp_path: Path, note: str | None) -> None:
    path = write_npz(tmp_path / "Test" / "data_00007.npz", note=note)
    with pytest.raises(DataError, match="its note is missing or empty .*--text-source label") as e:
        FairVLMed(tmp_path, "test", text_source="note")
    assert str(path) in str(e.value)


def test_a_file_that_the_summaries_lack_is_an_error_and_not_another_source(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=2)
    (tmp_path / "gpt-4_summarized_notes.csv").write_text("f,n,s\ndata_00001.npz,x,one\n")
    with pytest.raises(DataError, match=r"data_00002.npz: its note is missing"):
        texts(tmp_path)
    split = FairVLMed(tmp_path, "test", text_source="note", on_error="skip")
    assert split.ids == ("data_00001",)


def test_label_texts_are_the_prompts_of_the_class(tmp_path: Path) -> None:
    write_npz(tmp_path / "Test" / "a.npz", glaucoma=0, note=None)
    write_npz(tmp_path / "Test" / "b.npz", glaucoma=1, note=None)
    found = list(samples(FairVLMed(tmp_path, "test", text_source="label")))
    assert [s.text for s in found] == ["A photo of non-glaucoma", "A photo of glaucoma"]


def test_without_a_text_source_there_is_no_text_and_no_csv_is_read(tmp_path: Path) -> None:
    write_split(tmp_path / "Test", count=1)
    (tmp_path / "gpt-4_summarized_notes.csv").write_bytes(b"\xff\xff")
    assert [s.text for s in samples(FairVLMed(tmp_path, "test"))] == [None]
