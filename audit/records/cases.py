"""records/cases.html: the worst and the borderline cases of each group, for the data's owner.

Every picture stands on the page once, where its case comes first; elsewhere a link leads to it.
"""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image as Picture

from audit.page.render import environment
from fairness.arrays import Array
from fairness.atomic import write_atomically
from fairness.attributes import UNKNOWN_LABEL

LONGEST_SIDE = 256
"""Pixels of a picture on the page."""

MOST_PICTURES = 600
"""On one page, some 10 MB; later cases are named without theirs."""

Places: TypeAlias = Mapping[tuple[str, str, str], Mapping[str, str]]
"""(attribute, group, why they are shown) to ids of cases, in order, with what is said of each."""


@dataclass(frozen=True)
class Chapter:
    """The cases of one label or class; a page on one label has one chapter."""

    title: str
    places: Places


@dataclass(frozen=True)
class Figure:
    """A case on the page."""

    anchor: str
    id: str
    facts: str
    """Score and truth, or Dice."""
    picture: str
    """A data URI; empty where there is none."""


@dataclass(frozen=True)
class Section:
    """The cases of a group that are shown for one reason."""

    attribute: str
    group: str
    why: str
    figures: tuple[Figure, ...]
    """Those that are shown here."""
    links: tuple[Figure, ...]
    """Those that are shown further up."""


Draw: TypeAlias = Callable[[str], Picture.Image | None]
"""The picture of a case by its id; None where it cannot be read any more."""


def write_cases(
    path: Path,
    title: str,
    chapters: Sequence[Chapter],
    draw: Draw,
    legend: Iterable[tuple[str, str]] = (),
) -> None:
    """Write the page, for nobody but its owner to read.

    Args:
        path: of the file, in `records/`.
        title: model and data.
        chapters: which cases are shown where.
        draw: their pictures, each asked for once.
        legend: of drawn masks, what is drawn in which colour (`#rrggbb`).
    """
    template = environment().get_template("cases.html.jinja")
    found = sections(chapters, draw)
    told = [(chapter.title, parts) for chapter, parts in zip(chapters, found, strict=True)]
    page = template.render(title=title, chapters=told, legend=list(legend), most=MOST_PICTURES)
    write_atomically(path, page, private=True)


def sections(chapters: Sequence[Chapter], draw: Draw) -> list[list[Section]]:
    """Of each chapter one a place, the unknown last; each case is drawn where it comes first."""
    anchors: dict[str, str] = {}
    found = []
    for chapter in chapters:
        parts = []
        for place in sorted(chapter.places, key=lambda place: place[1] == UNKNOWN_LABEL):
            figures, links = [], []
            for id_, facts in chapter.places[place].items():
                if id_ in anchors:
                    links.append(Figure(anchors[id_], id_, facts, ""))
                    continue
                picture = draw(id_) if len(anchors) < MOST_PICTURES else None
                data = "" if picture is None else data_uri(picture)
                anchors[id_] = f"case{len(anchors) + 1}"
                figures.append(Figure(anchors[id_], id_, facts, data))
            parts.append(Section(*place, tuple(figures), tuple(links)))
        found.append(parts)
    return found


def data_uri(picture: Picture.Image) -> str:
    """A JPEG of at most `LONGEST_SIDE` pixels a side."""
    small = picture.copy()
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    content = io.BytesIO()
    small.save(content, format="jpeg", quality=88, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"


def picture_of(image: Array) -> Picture.Image:
    """An image (H, W), or (H, W, 3) in colours, of grey levels 0..255; the middle of a volume."""
    if image.ndim == 3 and image.shape[2] != 3:
        image = image[len(image) // 2]
    return Picture.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8))
