"""The private page of cases: each once, small, unreadable for others, no text that acts."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from audit.records.cases import Chapter, picture_of, sections, write_cases

FACTS = "score 0.9, truth negative"
HOSTILE = "<script>\x1b[31m\u202e=cmd\x00" + "W" * 10_000
PLACES = Chapter(
    "positive from 0.500 on",
    {
        ("race", "unknown", "worst"): dict.fromkeys("ab", FACTS),
        ("gender", "unknown", "worst"): dict.fromkeys("ab", FACTS),
        ("race", "Black", "worst"): dict.fromkeys("ca", FACTS),
    },
)


def grey(id_: str) -> Picture.Image:
    return picture_of(np.full((600, 300), 100.4, dtype=np.float32))


def test_a_case_is_drawn_once_and_linked_elsewhere() -> None:
    again = Chapter("Mass: positive from 0.400 on", {("race", "Black", "worst"): {"b": "score 0"}})
    (first, *unknown), (other,) = sections([PLACES, again], grey)
    assert (first.group, [f.id for f in first.figures]) == ("Black", ["c", "a"])
    assert [[f.id for f in one.figures] for one in unknown] == [["b"], []]
    assert [[f.id for f in one.links] for one in unknown] == [["a"], ["a", "b"]]
    assert [(f.id, f.facts, f.anchor) for f in other.links] == [("b", "score 0", "case3")]


def test_pictures_are_small_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "cases.html"
    legend = [("rim, reference", "#ffffff")]
    write_cases(path, "m on d", [PLACES], grey, legend)
    assert path.stat().st_mode & 0o777 == 0o600
    page = path.read_text()
    assert "rim, reference" in page
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    assert len(found) == 3
    picture = Picture.open(io.BytesIO(base64.b64decode(found[0])))
    assert picture.size == (128, 256)
    assert np.asarray(picture).mean() == pytest.approx(100, abs=1)


def test_no_id_acts_and_a_case_without_picture_is_named(tmp_path: Path) -> None:
    id_ = '"><script>alert(1)</script>'
    places = {("race", "<b>", "worst"): {id_: f"0.1 for {HOSTILE}"}}
    nasty = Chapter(f"truth {HOSTILE}", places)
    write_cases(tmp_path / "c.html", "<i>", [nasty, nasty], lambda id_: None)
    page = (tmp_path / "c.html").read_text()
    assert "W" * 200 not in page
    assert not set(page) & set("\x1b\u202e\x00")
    assert "<script" not in page
    assert "<b>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_of_a_volume_the_middle_is_shown_and_colours_stay() -> None:
    volume = np.stack([np.full((4, 5), k, dtype=np.uint8) for k in (10, 20, 30)])
    assert (np.asarray(picture_of(volume)) == 20).all()
    colours = np.zeros((4, 5, 3), dtype=np.uint8)
    assert picture_of(colours).mode == "RGB"
