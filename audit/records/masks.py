"""Pictures of masks: kept as they were answered, or drawn over their image.

Masks are scored as they arrive and dropped. Pictures show patients, so they go to `records/`.
"""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from fairness.arrays import FloatArray, Image
from fairness.atomic import write_atomically
from fairness.evaluate import Answers, Read
from fairness.group_input import RECORDED
from fairness.metrics.segmentation import outline
from fairness.samples import Batch

COLOURS = {
    ("reference", "disc"): (255, 255, 255),
    ("reference", "cup"): (255, 210, 0),
    ("prediction", "disc"): (0, 200, 255),
    ("prediction", "cup"): (255, 60, 160),
}
"""Of the contours, in the order in which they are drawn."""


def keeping(read: Read, folder: Path) -> Read:
    """The same reading, which also writes each mask to `folder/ID.png` (grey levels 0, 1, 2)."""

    def kept(batch: Batch, answers: Answers) -> Mapping[str, FloatArray]:
        values = read(batch, answers)
        for id_, mask in zip(batch.ids, answers[RECORDED], strict=True):
            save_picture(Picture.fromarray(mask), folder / f"{file_name(id_)}.png")
        return values

    return kept


def overlay(image: Image, reference: Image, prediction: Image) -> Picture.Image:
    """The image (H, W), or in colours, with the outlines of disc and cup of both masks, as RGB."""
    rgb = image.copy() if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    for (role, structure), colour in COLOURS.items():
        mask = reference if role == "reference" else prediction
        rgb[outline(mask >= (1 if structure == "disc" else 2))] = colour
    return Picture.fromarray(rgb)


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
