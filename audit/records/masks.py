"""Pictures of masks: kept as they were answered, or drawn over their image.

Masks are scored as they arrive and dropped. Pictures show patients, so they go to `records/`.
"""

import hashlib
import io
from collections.abc import Mapping
from colorsys import hsv_to_rgb
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image as Picture

from fairness.arrays import Array, FloatArray, Image
from fairness.atomic import write_atomically
from fairness.evaluate import Answers, Read
from fairness.group_input import RECORDED
from fairness.metrics.segmentation import outline
from fairness.samples import Batch
from fairness.structures import EYE, Structures

Colour: TypeAlias = tuple[int, int, int]
EYE_COLOURS: dict[tuple[str, str], Colour] = {
    ("reference", "disc"): (255, 255, 255),
    ("reference", "cup"): (255, 210, 0),
    ("prediction", "disc"): (0, 200, 255),
    ("prediction", "cup"): (255, 60, 160),
}
"""Of the contours of an eye, in the order in which they are drawn."""


GOLDEN = (5**0.5 - 1) / 2
"""Steps of the hue around the circle, which never come close to an earlier one."""


def keeping(read: Read, folder: Path) -> Read:
    """The same reading, which also writes each mask to `folder/ID.png` (grey levels 0, 1, ...)."""

    def kept(batch: Batch, answers: Answers) -> Mapping[str, FloatArray]:
        values = read(batch, answers)
        for id_, mask in zip(batch.ids, answers[RECORDED], strict=True):
            save_picture(Picture.fromarray(mask), folder / f"{file_name(id_)}.png")
        return values

    return kept


def overlay(
    image: Array, reference: Image, prediction: Image, structures: Structures = EYE
) -> Picture.Image:
    """The image (H, W), or in colours, with the outlines of both masks, as RGB."""
    rgb: Image = np.rint(image).astype(np.uint8)
    rgb = rgb if image.ndim == 3 else np.repeat(rgb[:, :, None], 3, axis=2)
    for (role, name), colour in colours_of(structures).items():
        mask = reference if role == "reference" else prediction
        rgb[outline(np.isin(mask, structures.parts[name]))] = colour
    return Picture.fromarray(rgb)


def colours_of(structures: Structures) -> dict[tuple[str, str], Colour]:
    """(`reference` or `prediction`, structure) to its colour, in the order of drawing.

    A structure has one hue, pale for the reference and full for the prediction; neighbouring
    numbers have hues far apart. Unions are not drawn: their parts are.
    """
    if structures == EYE:
        return EYE_COLOURS
    found = {}
    for role, saturation in (("reference", 0.35), ("prediction", 1.0)):
        for code, name in enumerate(structures.names):
            shares = hsv_to_rgb(code * GOLDEN % 1, saturation, 1.0)
            red, green, blue = (round(255 * share) for share in shares)
            found[role, name] = (red, green, blue)
    return found


def colours_csv(structures: Structures) -> str:
    """Which colour is what, as the text of a csv file."""
    rows = [
        f"{name},{role},#{bytes(colour).hex()}"
        for (role, name), colour in colours_of(structures).items()
    ]
    return "\n".join(("structure,mask,colour", *rows, ""))


def save_picture(picture: Picture.Image, path: Path) -> None:
    """Write a PNG that only the user opens."""
    content = io.BytesIO()
    picture.save(content, format="png")
    write_atomically(path, content.getvalue(), private=True)


def file_name(text: str) -> str:
    """A name for a file from an id or a group, which come from files.

    A name that had to be changed gets a digest of the text, so that two texts never share a file.
    """
    name = "".join(c if c.isalnum() or c in "-_. " else "_" for c in text).lstrip(".")
    name = name.encode()[:100].decode(errors="ignore")
    if name == text and name:
        return name
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{name or '_'}-{digest}"
