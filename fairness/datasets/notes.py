"""Finds the text that goes with each image, and cuts it as the original does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairness.datasets.npz import Npz
from fairness.datasets.splits import SUMMARY, file_id, read_rows, read_table
from fairness.errors import DataError

MAX_CHARACTERS = 180

SUMMARY_FILES = ("gpt-4_summarized_notes.csv", "gpt4_summarized_notes.csv")
"""Both names are in use."""

ORIGINAL_FILE = "original_notes.csv"
"""Named by FairCLIP's authors, and not part of their distribution."""

NOTE_KEY = "note"

LABEL_TEXTS = ("A photo of non-glaucoma", "A photo of glaucoma")
"""What stands for the note under `text_source="label"`: the prompt of the class, 0 then 1."""


def truncate(note: str, most: int = MAX_CHARACTERS) -> str:
    """At most `most` characters: a longer note is cut there, and then from its last space on.

    A long note without any space loses its last character too, as in the original
    (FairCLIP, `src/modules.py`).
    """
    if len(note) <= most:
        return note
    cut = note[:most]
    return cut[: cut.rfind(" ")]


@dataclass(frozen=True)
class Notes:
    """Where the notes of a data set come from: one source for all of its files."""

    source: str
    """In words, for messages."""
    texts: Mapping[str, str] | None
    """File id to text; None if each npz holds its own."""
    most: int = MAX_CHARACTERS
    """Characters that are kept of each."""

    def read(self, path: Path) -> str:
        """The note of one file, truncated.

        Raises:
            DataError: there is none, or it is empty.
        """
        note = self._find(path).strip()
        if not note:
            raise DataError(
                f"{path}: its note is missing or empty ({self.source}); "
                "add it, leave the file out by --on-error skip, or do without notes "
                "(FairCLIP, BLIP-2: --text-source label; probe, fine-tuning: --features image)"
            )
        return truncate(note, self.most)

    def _find(self, path: Path) -> str:
        if self.texts is not None:
            return self.texts.get(path.stem, "")
        with Npz(path) as npz:
            return str(npz.scalar(NOTE_KEY)) if NOTE_KEY in npz else ""


def find_notes(root: Path, most: int = MAX_CHARACTERS, *, original: bool = False) -> Notes:
    """The first source of notes under `root`, each cut to `most` characters.

    In order: a csv of summaries, read by position (column 0 the file, column 2 the text) whatever
    its header; the column `gpt4_summary`, else `note`, of `data_summary.csv`; the npz files. With
    `original`, no summaries: `original_notes.csv`, by the same positions; the column `note`; the
    npz files.

    Raises:
        DataError: a csv cannot be read.
    """
    for name in (ORIGINAL_FILE,) if original else SUMMARY_FILES:
        if (root / name).is_file():
            rows = [row for row in read_rows(root / name) if len(row) > 2]
            return Notes(str(root / name), {file_id(row[0]): row[2] for row in rows}, most)
    table = read_table(root / SUMMARY) if (root / SUMMARY).is_file() else []
    for column in ("note",) if original else ("gpt4_summary", "note"):
        if table and column in table[0]:
            texts = {file_id(row.get("filename", "")): row[column] for row in table}
            return Notes(f"column {column} of {root / SUMMARY}", texts, most)
    return Notes(f"its key '{NOTE_KEY}'", None, most)
