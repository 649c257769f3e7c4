"""The private page of cases: each once, small, unreadable for others, no text that acts."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from audit.records.cases import Shown, picture_of, sections, write_cases

PLACES = {
    ("race", "unknown", "worst"): ["a", "b"],
    ("gender", "unknown", "worst"): ["a", "b"],
    ("race", "Black", "worst"): ["c", "a"],
}


def shown(ids: str) -> dict[str, Shown]:
    grey = picture_of(np.full((600, 300), 100.4, dtype=np.float32))
    return {id_: Shown("score 0.9, truth negative", grey) for id_ in ids}


def test_a_case_is_drawn_once_and_linked_elsewhere() -> None:
    first, *unknown = sections(PLACES, shown("abc"))
    assert (first.group, [f.id for f in first.figures]) == ("Black", ["c", "a"])
    assert [[f.id for f in one.figures] for one in unknown] == [["b"], []]
    assert [[f.id for f in one.links] for one in unknown] == [["a"], ["a", "b"]]


def test_pictures_are_small_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "cases.html"
    legend = [("rim, reference", "#ffffff")]
    write_cases(path, "m on d", PLACES, shown("abc"), legend)
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
    places = {("race", "<b>", "worst"): [id_]}
    write_cases(tmp_path / "c.html", "<i>", places, {id_: Shown("score 0.1", None)})
    page = (tmp_path / "c.html").read_text()
    assert "<script" not in page
    assert "<b>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_of_a_volume_the_middle_is_shown_and_colours_stay() -> None:
    volume = np.stack([np.full((4, 5), k, dtype=np.uint8) for k in (10, 20, 30)])
    assert (np.asarray(picture_of(volume)) == 20).all()
    colours = np.zeros((4, 5, 3), dtype=np.uint8)
    assert picture_of(colours).mode == "RGB"
