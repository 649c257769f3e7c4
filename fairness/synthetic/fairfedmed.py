"""Writes licence-free federated data in the layouts of FairFedMed: three eye sites, two hospitals.

The images are painted (`site_images.py`), the patients simulated (`site_people.py`). Every image
shows two signs. One tells the label and the other is chance; in one group they change places, so
that a model that adapts to the group can do better than one that does not. `SYNTHETIC.json` beside
the data says which group and how far.
"""

import csv
import io
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image as Pillow

from fairness.atomic import replace
from fairness.synthetic.command import Progress, write_and_report
from fairness.datasets.fairfedmed import POOL
from fairness.synthetic.recipe import is_complete, write_marker
from fairness.synthetic.site_images import paint_chest, paint_oct, paint_slo
from fairness.synthetic.site_people import Person, draw_people
from fairness.synthetic.site_recipe import SiteRecipe

DESCRIPTION = """Write a synthetic data set in the layout of FairFedMed-Oph or FairFedMed-Chest.

A data set that is already there, made by the same flags, is kept; an interrupted one is completed.

Examples:

  python -m fairness.synthetic.fairfedmed --out data/fairfedmed-slo --kind oph-slo

  python -m fairness.synthetic.fairfedmed --out data/fairfedmed-oct --kind oph-oct

  python -m fairness.synthetic.fairfedmed --out data/fairfedmed-chest --kind chest

  python -m fairness.synthetic.fairfedmed --out data/published --kind oph-oct --patients 60
      --scans 128 --size 200 200
"""

PROGRAM = "python -m fairness.synthetic.fairfedmed"


def write_fairfedmed(root: Path, recipe: SiteRecipe, progress: Progress | None = None) -> None:
    """Write the data set of a recipe; every file appears whole or not at all.

    Raises:
        UsageError: the recipe makes no sense, or `root` holds anything but this data set.
    """
    recipe.check()
    if is_complete(root, recipe):
        return
    write_marker(root, recipe, complete=False)
    people = list(draw_people(recipe.seed, recipe.patients, recipe.population))
    for done, person in enumerate(people, start=1):
        path = root / _folder(recipe) / filename(recipe, person)
        if not path.is_file():
            replace(path, encode(recipe, person))
        if progress:
            progress(done, len(people))
    _write_tables(root, recipe, people)
    write_marker(root, recipe, complete=True)


def _folder(recipe: SiteRecipe) -> str:
    return "" if recipe.kind == "chest" else POOL


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
            for ending, splits in (
                ("", ("train", "test")),
                ("_train", ("train",)),
                ("_test", ("test",)),
            ):
                places = {(site, split) for split in splits}
                there = [p for p in people if p.places[attribute.name] in places]
                path = root / f"meta_{prefix}{site}_{attribute.name}{ending}.csv"
                replace(path, _table(recipe, there))
    if recipe.kind != "chest":
        replace(root / "meta_all.csv", _table(recipe, people))


def _table(recipe: SiteRecipe, people: Iterable[Person]) -> bytes:
    attributes = tuple(recipe.population.tables)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if recipe.kind == "chest":
        writer.writerow(["filename", "disease_label", *(f"{a.name}_label" for a in attributes)])
        for person in people:
            writer.writerow([filename(recipe, person), person.label, *person.codes.values()])
    else:
        writer.writerow(["", "filename", "age", *(a.name for a in attributes), "glaucoma"])
        for row, person in enumerate(people):
            words = [a.label(person.codes[a.name]).lower() for a in attributes]
            label = ("no", "yes")[person.label]
            writer.writerow([row, filename(recipe, person), person.age, *words, label])
    return text.getvalue().encode()


@dataclass(frozen=True, kw_only=True)
class Options(SiteRecipe):
    """The flags of the command."""

    out: Path
    """Folder to write to: empty, absent, or this very data set."""


def main() -> None:
    """`python -m fairness.synthetic.fairfedmed`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    options = tyro.cli(Options, prog=PROGRAM, description=DESCRIPTION, args=arguments)
    fields = SiteRecipe.__dataclass_fields__
    recipe = SiteRecipe(**{name: getattr(options, name) for name in fields})
    return write_and_report(PROGRAM, options.out, recipe, write_fairfedmed)


if __name__ == "__main__":
    main()
