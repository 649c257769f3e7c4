"""What only an audit of masks does: keep them if asked to, and draw the worst cases of each group.

Masks are scored as they arrive and dropped. Pictures show patients, so they go to `records/`.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from rich.console import Console

from audit.client.predictor import TritonPredictor
from audit.records.outcomes import private_folder
from fairness.arrays import Array, BoolArray, FloatArray, Image
from fairness.datasets.reader import Split
from fairness.evaluate import Reading
from fairness.outcomes import CaseOutcomes
from fairness.samples import Batch, batched

COLOURS = {
    ("reference", "disc"): (255, 255, 255),
    ("reference", "cup"): (255, 210, 0),
    ("prediction", "disc"): (0, 200, 255),
    ("prediction", "cup"): (255, 60, 160),
}
"""Of the contours, in the order in which they are drawn."""


def keeping(reading: Reading, folder: Path) -> Reading:
    """The same reading, which also writes each mask to `folder/ID.png` (grey levels 0, 1, 2)."""

    def kept(batch: Batch, answer: Array) -> Mapping[str, FloatArray]:
        values = reading(batch, answer)
        for id_, mask in zip(batch.ids, answer, strict=True):
            Picture.fromarray(mask).save(folder / f"{file_name(id_)}.png")
        return values

    return kept


def draw_worst(
    predict: TritonPredictor,
    split: Split,
    cases: CaseOutcomes,
    k: int,
    folder: Path,
    console: Console,
) -> None:
    """Ask again for the k worst cases of every group, and draw each over its image.

    Files are `folder/ATTRIBUTE/GROUP/RANK_ID.png`, rank 1 being the worst by the mean Dice of rim
    and cup.
    """
    places = worst_of(cases, k)
    if not places:
        return
    index = {id_: i for i, id_ in enumerate(split.ids)}
    wanted = sorted({id_ for ids in places.values() for id_ in ids})
    samples = (split[index[id_]] for id_ in wanted)
    drawn = {}
    for batch, masks in predict(batched(samples, predict.model.batch_size)):
        for i, id_ in enumerate(batch.ids):
            drawn[id_] = overlay(batch.images[i], batch.targets[i], masks[i])
    for (attribute, group), ids in places.items():
        place = private_folder(folder) / file_name(attribute) / file_name(group)
        place.mkdir(parents=True, exist_ok=True)
        for rank, id_ in enumerate(ids, start=1):
            drawn[id_].save(place / f"{rank}_{file_name(id_)}.png")
    console.print(f"worst cases: {len(wanted)} drawn in {folder}", highlight=False, markup=False)


def worst_of(cases: CaseOutcomes, k: int) -> dict[tuple[str, str], list[str]]:
    """(attribute, group) to the ids of its k worst cases, worst first; ties by id."""
    dice = (cases.scores["rim_dice"] + cases.scores["cup_dice"]) / 2
    found = {}
    for attribute in cases.attributes:
        codes = cases.codes[attribute.name]
        for code in (*range(len(attribute.groups)), -1):
            rows = np.flatnonzero(codes == code)
            worst = rows[np.argsort(dice[rows], kind="stable")][:k]
            if worst.size:
                found[attribute.name, attribute.label(code)] = [cases.ids[i] for i in worst]
    return found


def overlay(image: Image, reference: Image, prediction: Image) -> Picture.Image:
    """The image (H, W) with the outlines of disc and cup of both masks, as RGB."""
    rgb = np.repeat(image[:, :, None], 3, axis=2)
    for (role, structure), colour in COLOURS.items():
        mask = reference if role == "reference" else prediction
        rgb[outline(mask >= (1 if structure == "disc" else 2))] = colour
    return Picture.fromarray(rgb)


def outline(mask: BoolArray) -> BoolArray:
    """The pixels of a mask (H, W) of which a neighbour above, below or beside is outside."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge: BoolArray = mask & ~inner
    return edge


def file_name(text: str) -> str:
    """A name for a file from an id or a group, which come from files."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in text).lstrip(".")[:100] or "_"
