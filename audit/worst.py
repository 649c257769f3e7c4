"""Draws the worst masks of each group over their images, for the owner of the data."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image as Picture
from rich.console import Console

from audit.plan import Plan
from audit.records.cases import Chapter, write_cases
from audit.records.masks import colours_csv, colours_of, file_name, overlay, save_picture
from audit.records.outcomes import private_folder
from fairness.arrays import FloatArray
from fairness.atomic import write_atomically
from fairness.attributes import UNKNOWN, UNKNOWN_LABEL
from fairness.datasets.stream import batches
from fairness.evaluate import Predict
from fairness.group_input import RECORDED
from fairness.outcomes import Cases
from fairness.samples import cut
from fairness.structures import structures_of

LOWEST = "lowest Dice"


def draw_worst(
    plan: Plan, predict: Predict, cases: Cases, quality: FloatArray, console: Console
) -> None:
    """Ask again for the worst cases of every group, and draw each over its image.

    Files are `records/worst/ATTRIBUTE/GROUP/RANK_ID.png`, rank 1 being the worst; who has no
    recorded group of several attributes has one file. `records/cases.html` shows all of them.
    """
    places = worst_of(cases, quality, plan.options.worst)
    if not places:
        return
    spec = plan.model.spec
    structures = structures_of(spec.class_names, spec.unions)
    index = {id_: i for i, id_ in enumerate(plan.split.ids)}
    wanted = sorted({id_ for ids in places.values() for id_ in ids})
    rows = np.array([index[id_] for id_ in wanted], dtype=np.int64)
    cuts = cut([plan.split.shapes[i] for i in rows], plan.model.batch_size)
    drawn = {}
    for batch, answers in predict(batches(plan.split, (rows[chosen] for chosen in cuts))):
        for i, id_ in enumerate(batch.ids):
            drawn[id_] = overlay(
                batch.images[i], batch.targets[i], answers[RECORDED][i], structures
            )
    folder = plan.out / "records" / "worst"
    of_unknown: set[str] = set()
    for (attribute, group), ids in places.items():
        new = [id_ for id_ in ids if group != UNKNOWN_LABEL or id_ not in of_unknown]
        of_unknown.update(ids if group == UNKNOWN_LABEL else ())
        place = folder
        for part in ("", file_name(attribute), file_name(group)) if new else ():
            place = private_folder(place / part)
        for id_ in new:
            rank = ids.index(id_) + 1
            save_picture(drawn[id_], place / f"{rank}_{file_name(id_)}.png")
    if not structures.is_eye:
        write_atomically(folder / "colours.csv", colours_csv(structures), private=True)
    show_drawn(plan, cases, quality, places, drawn)
    console.print(f"worst cases: {len(wanted)} drawn in {folder}", highlight=False, markup=False)


def show_drawn(
    plan: Plan,
    cases: Cases,
    quality: FloatArray,
    places: Mapping[tuple[str, str], Sequence[str]],
    drawn: Mapping[str, Picture.Image],
) -> None:
    """Write `records/cases.html` of the drawn masks."""
    spec = plan.model.spec
    structures = structures_of(spec.class_names, spec.unions)
    dice = dict(zip(cases.ids, quality, strict=True))
    of_groups = {
        (*place, LOWEST): {id_: f"mean Dice {dice[id_]:.3f}" for id_ in ids}
        for place, ids in places.items()
    }
    legend = [
        (f"{name}, {role}", f"#{bytes(colour).hex()}")
        for (role, name), colour in colours_of(structures).items()
    ]
    title = f"{plan.names.model} on {plan.names.dataset}, {plan.names.split}"
    path = plan.out / "records" / "cases.html"
    write_cases(path, title, [Chapter("lowest mean Dice", of_groups)], drawn.get, legend)


def worst_of(cases: Cases, quality: FloatArray, k: int) -> dict[tuple[str, str], list[str]]:
    """(attribute, group) to the ids of its k cases of least quality, worst first; ties by id.

    Args:
        cases: sorted by id.
        quality: (n,), NaN where undefined: such cases come last.
        k: cases a group.
    """
    found = {}
    for attribute in cases.attributes:
        codes = cases.codes[attribute.name]
        for code in (*range(len(attribute.groups)), UNKNOWN):
            rows = np.flatnonzero(codes == code)
            worst = rows[np.argsort(quality[rows], kind="stable")][:k]
            if worst.size:
                found[attribute.name, attribute.label(code)] = [cases.ids[i] for i in worst]
    return found
