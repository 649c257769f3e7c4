"""Writes licence-free data with the keys, shapes and group shares of Harvard-FairVLMed.

The images are painted (`fundus.py`), the patients simulated (`patients.py`), the notes made from
the findings (`notes.py`). One group is harder on purpose: the cup of its optic discs, which decides
the label, shows less contrast, as in images acquired badly. `SYNTHETIC.json` beside the data says
which group and how much.
"""

import io
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from fairness.synthetic.command import run_writer
from fairness.synthetic.fundus import paint
from fairness.synthetic.notes import dictate, summarise_visit
from fairness.synthetic.patients import SHARES, Patient, Visit, draw_finding, draw_patient
from fairness.synthetic.recipe import Progress, Recipe, begin, write_images, write_marker
from fairness.synthetic.tables import write_tables

EXAMPLES = (
    "--out data/fairvlmed",
    "--out data/large --train 7000 --val 1000 --test 2000",
    "--out data/two_eyes --images-per-patient 2",
    "--out data/women --hard-group gender=Female --strength 0.5",
)

FOLDERS = {"train": "Training", "val": "Validation", "test": "Test"}


def write_fairvlmed(root: Path, recipe: Recipe, progress: Progress | None = None) -> None:
    """Write the data set of a recipe; every file appears whole or not at all.

    Raises:
        UsageError: the recipe makes no sense, or `root` holds anything but this data set.
    """
    if not begin(root, recipe):
        return
    visits = list(draw_visits(recipe))
    images = {f"{FOLDERS[v.split]}/{v.file}": partial(encode, v, recipe) for v in visits}
    write_images(root, images, progress)
    write_tables(root, visits)
    write_marker(root, recipe, complete=True)


def draw_visits(recipe: Recipe) -> Iterator[Visit]:
    """Every image in the order of the file names, train first; nothing is painted yet."""
    for split, file, number, image in recipe.images():
        patient = draw_patient(recipe.seed, number)
        finding = draw_finding(recipe.seed, patient, image)
        rng = np.random.default_rng([recipe.seed, number, 3, image])
        summary = summarise_visit(rng, patient, finding)
        note = dictate(patient, finding, summary)
        yield Visit(split, file, image, patient, finding, note, summary)


def encode(visit: Visit, recipe: Recipe) -> bytes:
    """The npz file of one visit, with the published keys, and `subject`, `eye` and `visit`.

    Stored, not compressed: noise shrinks little, and a reader decodes it four times faster.
    """
    patient, finding = visit.patient, visit.finding
    rng = np.random.default_rng([recipe.seed, patient.number, 4, visit.image])
    image = paint(rng, finding.eye, finding.cup_to_disc, cup_contrast(patient, recipe))
    file = io.BytesIO()
    np.savez(
        file,
        slo_fundus=image,
        glaucoma=np.int64(finding.glaucoma),
        age=np.float64(patient.age),
        md=np.float32(finding.md),
        tds=finding.tds.astype(np.float32),
        note=np.str_(visit.note),
        note_extra=np.str_(f"{_demographics(patient)}. {visit.note}"),
        subject=np.int64(patient.number),
        eye=np.str_(finding.eye),
        visit=np.int64(finding.visit),
        **{name: np.int64(code) for name, code in patient.codes.items()},
    )
    return file.getvalue()


def cup_contrast(patient: Patient, recipe: Recipe) -> float:
    """The planted effect: the contrast of the cup, 1 but in the hard group."""
    attribute, code = recipe.hard_code()
    return 1 - recipe.strength if patient.codes[attribute.name] == code else 1.0


def _demographics(patient: Patient) -> str:
    words = (f"{a.name}: {a.label(patient.codes[a.name]).lower()}" for a in SHARES)
    return ", ".join([f"age: {int(patient.age)}", *words])


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    module, layout = "fairness.synthetic.fairvlmed", "Harvard-FairVLMed"
    return run_writer(module, layout, EXAMPLES, Recipe, write_fairvlmed, arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
