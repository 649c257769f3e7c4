"""records/cases.html: the worst and the borderline cases of each group, for the data's owner.

Every picture stands on the page once, where its case comes first; elsewhere a link leads to it.
"""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
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

Places: TypeAlias = Mapping[tuple[str, str, str], Sequence[str]]
"""(attribute, group, why they are shown) to ids of cases, in order."""


@dataclass(frozen=True)
class Shown:
    """What is shown of one case."""

    facts: str
    """Score and truth, or Dice."""
    picture: Picture.Image | None
    """None where it cannot be read any more."""


@dataclass(frozen=True)
class Figure:
    """A case on the page."""

    anchor: str
    id: str
    facts: str
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


def write_cases(
    path: Path,
    title: str,
    places: Places,
    cases: Mapping[str, Shown],
    legend: Iterable[tuple[str, str]] = (),
) -> None:
    """Write the page, for nobody but its owner to read.

    Args:
        path: of the file, in `records/`.
        title: model and data.
        places: which cases are shown where.
        cases: what is shown of each of them, by id.
        legend: of drawn masks, what is drawn in which colour (`#rrggbb`).
    """
    template = environment().get_template("cases.html.jinja")
    page = template.render(title=title, sections=sections(places, cases), legend=list(legend))
    write_atomically(path, page, private=True)


def sections(places: Places, cases: Mapping[str, Shown]) -> list[Section]:
    """One for each place, those of unknown group last; each case is a figure in the first."""
    seen: dict[str, Figure] = {}
    found = []
    for place in sorted(places, key=lambda place: place[1] == UNKNOWN_LABEL):
        ids = places[place]
        new = [id_ for id_ in ids if id_ not in seen]
        links = tuple(seen[id_] for id_ in ids if id_ in seen)
        for id_ in new:
            picture = cases[id_].picture if len(seen) < MOST_PICTURES else None
            data = "" if picture is None else data_uri(picture)
            seen[id_] = Figure(f"case{len(seen) + 1}", id_, cases[id_].facts, data)
        found.append(Section(*place, tuple(seen[id_] for id_ in new), links))
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
