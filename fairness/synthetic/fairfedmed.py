"""Writes licence-free federated data in the layouts of FairFedMed: three eye sites, two hospitals.

The images are painted (`site_images.py`), the patients simulated (`site_people.py`). Every image
shows two signs. One tells the label and the other is chance; in one group they change places, so
that a model that adapts to the group can do better than one that does not. `SYNTHETIC.json` beside
the data says which group and how far.
"""

import io
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from fairness.datasets.fairfedmed import POOL
from fairness.synthetic.command import run_writer
from fairness.synthetic.recipe import Progress, begin, write_images, write_marker
from fairness.synthetic.site_images import paint_chest, paint_oct, paint_slo
from fairness.synthetic.site_people import Person, draw_people
from fairness.synthetic.site_recipe import SiteRecipe
from fairness.synthetic.tables import write_table

EXAMPLES = (
    "--out data/fairfedmed-slo --kind oph-slo",
    "--out data/fairfedmed-oct --kind oph-oct",
    "--out data/fairfedmed-chest --kind chest",
    "--out data/published --kind oph-oct --patients 60 --scans 128 --size 200 200",
)

TABLES = {"": ("train", "test"), "_train": ("train",), "_test": ("test",)}
"""Ending of the name of a csv file to the splits that it lists."""


def write_fairfedmed(root: Path, recipe: SiteRecipe, progress: Progress | None = None) -> None:
    """Write the data set of a recipe; every file appears whole or not at all.

    Raises:
        UsageError: the recipe makes no sense, or `root` holds anything but this data set.
    """
    if not begin(root, recipe):
        return
    people = list(draw_people(recipe.seed, recipe.patients, recipe.population))
    folder = "" if recipe.kind == "chest" else f"{POOL}/"
    images = {folder + filename(recipe, p): partial(encode, recipe, p) for p in people}
    write_images(root, images, progress)
    _write_tables(root, recipe, people)
    write_marker(root, recipe, complete=True)


def filename(recipe: SiteRecipe, person: Person) -> str:
    """What the csv files call the file of a patient."""
    if recipe.kind == "chest":
        site, _ = next(iter(person.places.values()))
        return f"{site}/patient{person.number:05d}.png"
    return f"data_{person.number:05d}.npz"


def encode(recipe: SiteRecipe, person: Person) -> bytes:
    """The npz or PNG file of one patient; npz stored, not compressed, which is read faster."""
    rng = np.random.default_rng([recipe.seed, person.number, 7])
    signs, file = recipe.signs(person), io.BytesIO()
    if recipe.kind == "chest":
        Pillow.fromarray(paint_chest(rng, recipe.shape, *signs)).save(file, "PNG")
        return file.getvalue()
    if recipe.kind == "oph-slo":
        image = {"slo_fundus": paint_slo(rng, recipe.shape, *signs)}
    else:
        image = {"oct_bscans": paint_oct(rng, (recipe.scans, *recipe.shape), *signs)}
    codes = {name: np.int64(code) for name, code in person.codes.items()}
    arrays = image | codes | {"glaucoma": np.int64(person.label), "age": np.float64(person.age)}
    np.savez(file, **arrays)
    return file.getvalue()


def _write_tables(root: Path, recipe: SiteRecipe, people: list[Person]) -> None:
    """The csv files of every site and attribute: all patients, `_train` and `_test`."""
    prefix = "" if recipe.kind == "chest" else "site"
    for attribute in recipe.population.tables:
        for site in recipe.population.sites:
            for ending, splits in TABLES.items():
                places = {(site, split) for split in splits}
                there = [p for p in people if p.places[attribute.name] in places]
                path = root / f"meta_{prefix}{site}_{attribute.name}{ending}.csv"
                _write_table(path, recipe, there)
    if recipe.kind != "chest":
        _write_table(root / "meta_all.csv", recipe, people)


def _write_table(path: Path, recipe: SiteRecipe, people: Iterable[Person]) -> None:
    attributes = tuple(recipe.population.tables)
    if recipe.kind == "chest":
        header = ["filename", "disease_label", *(f"{a.name}_label" for a in attributes)]
        write_table(
            path, header, ([filename(recipe, p), p.label, *p.codes.values()] for p in people)
        )
        return
    rows = []
    for row, person in enumerate(people):
        words = [a.label(person.codes[a.name]).lower() for a in attributes]
        label = ("no", "yes")[person.label]
        rows.append([row, filename(recipe, person), person.age, *words, label])
    write_table(path, ["", "filename", "age", *(a.name for a in attributes), "glaucoma"], rows)


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    module, layout = "fairness.synthetic.fairfedmed", "FairFedMed-Oph or FairFedMed-Chest"
    return run_writer(module, layout, EXAMPLES, SiteRecipe, write_fairfedmed, arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
