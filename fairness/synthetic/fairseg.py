"""Writes licence-free data with the keys, shapes and lists of Harvard-FairSeg.

Images and masks are painted (`optic_disc.py`), people simulated (`patients.py`). One group is
harder on purpose: the border of its cups shows less contrast, as in images acquired badly.
`SYNTHETIC.json` beside the data says which group and how much.
"""

import io
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from fairness.atomic import write_atomically
from fairness.attributes import ETHNICITY, GENDER, LANGUAGE, MARITAL_STATUS, RACE
from fairness.errors import UsageError
from fairness.synthetic import patients
from fairness.synthetic.command import run_writer
from fairness.synthetic.fairvlmed import cup_contrast
from fairness.synthetic.optic_disc import paint_segmented
from fairness.synthetic.patients import draw_finding, draw_patient
from fairness.synthetic.recipe import Progress, Recipe, begin, write_images, write_marker

EXAMPLES = (
    "--out data/fairseg",
    "--out data/small --size 96 112 --train 60",
    "--out data/women --hard-group gender=Female",
)

LISTS = Path("lists", "FairSeg_final")

SHARES = {
    RACE: (0.076, 0.122, 0.802),
    GENDER: (0.583, 0.417),
    ETHNICITY: (0.901, 0.037),
    LANGUAGE: (0.929, 0.015, 0.048),
    MARITAL_STATUS: patients.SHARES[MARITAL_STATUS],
}
"""Share of each code, from 0 on; the rest is unknown.

From a table of 5,000 people of FairSeg in a derived repository (GlaucoDiff); those of marital
status are round numbers of our own.
"""

MIN_SIDE = 64


@dataclass(frozen=True, kw_only=True)
class SegRecipe(Recipe):
    """Everything that decides what is written."""

    train: int = 300
    """Images in the training list."""
    val: int = 100
    """Images in the validation list; with 0 there is none, as in the release."""
    test: int = 200
    """Images in the test list."""
    strength: float = 0.75
    """Share of the contrast of the cup's border that they lose: 0 for no effect, at most 1."""
    size: tuple[int, int] = (664, 798)
    """Rows and columns of the images."""

    def check(self) -> None:
        """Raise UsageError where a number is out of range or the hard group does not exist."""
        super().check()
        if min(self.size) < MIN_SIDE:
            raise UsageError(f"size is {self.size}, must be at least {MIN_SIDE} x {MIN_SIDE}")


def write_fairseg(root: Path, recipe: SegRecipe, progress: Progress | None = None) -> None:
    """Write the data set of a recipe; every file appears whole or not at all.

    Raises:
        UsageError: the recipe makes no sense, or `root` holds anything but this data set.
    """
    if not begin(root, recipe):
        return
    images = list(recipe.images())
    makers = {file: partial(encode, recipe, number, image) for _, file, number, image in images}
    write_images(root, makers, progress)
    for split in {split for split, *_ in images}:
        names = "".join(f"{file}\n" for name, file, *_ in images if name == split)
        write_atomically(root / LISTS / f"{split}.txt", names)
    write_marker(root, recipe, complete=True)


def encode(recipe: SegRecipe, number: int, image: int) -> bytes:
    """The npz file of one image of a patient, with the keys of the release, and `pid`."""
    patient = draw_patient(recipe.seed, number, SHARES)
    finding = draw_finding(recipe.seed, patient, image)
    rng = np.random.default_rng([recipe.seed, number, 5, image])
    ratio = min(max(finding.cup_to_disc, 0.2), 0.85)
    contrast = cup_contrast(patient, recipe)
    picture, mask = paint_segmented(rng, finding.eye, ratio, recipe.size, contrast)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        slo_fundus=picture,
        disc_cup_mask=-mask.astype(np.float64),
        age=np.float64(patient.age),
        pid=np.int64(number),
        **{name: np.int64(code) for name, code in patient.codes.items()},
    )
    return file.getvalue()


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    module, layout = "fairness.synthetic.fairseg", "Harvard-FairSeg"
    return run_writer(module, layout, EXAMPLES, SegRecipe, write_fairseg, arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
