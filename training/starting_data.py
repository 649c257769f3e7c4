"""Checks of the data before training, and synthetic data where the default folder is missing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.datasets.catalogue import dataset_of, is_missing
from fairness.datasets.reader import Split
from fairness.datasets.stream import decoded
from fairness.errors import DataError, UsageError
from fairness.samples import Sample
from training.runlog import LOG, progress_bar
from training.settings import DATA


def ensure_data(dataset: str, root: Path) -> None:
    """Write the synthetic data set if `root` is its default folder and is missing or unfinished."""
    if root != DATA / dataset or not is_missing(root):
        return
    LOG.info(f"{root} is missing: writing a synthetic data set there; --data names another folder")
    with progress_bar("writing images") as bar:
        dataset_of(dataset).write(root, bar.show)


def attribute_of(split: Split, name: str) -> Attribute:
    """An attribute of a split by its name.

    Raises:
        UsageError: the data set does not know it.
    """
    known = {attribute.name: attribute for attribute in split.attributes}
    if name not in known:
        raise UsageError(f"no attribute '{name}'; choose from {', '.join(known)}")
    return known[name]


def known_groups(split: Split, name: str, usable: IntArray) -> list[str]:
    """The groups of an attribute in the training split; warns of those without a usable sample.

    Raises:
        UsageError: the data set does not know the attribute.
    """
    groups = attribute_of(split, name).groups
    codes = set(split.codes[name][usable].tolist())
    found = [group for code, group in enumerate(groups) if code in codes]
    if missing := [group for group in groups if group not in found]:
        LOG.warning(f"no training sample has {name} {', '.join(missing)}: left out")
    return found


def usable_samples(split: Split, look: Callable[[int, Sample], object], skip: bool) -> IntArray:
    """Numbers of the samples that can be read: each is read once, before hours of training.

    Files are decoded by several threads, and looked at one after another in their order.

    Args:
        split: whose samples are meant.
        look: takes the number of a sample, and the sample; raises DataError where it is unusable.
        skip: leave out unusable samples instead of raising.

    Raises:
        DataError: a sample is unusable and must not be skipped, or nothing is left.
    """
    usable = []
    with progress_bar("reading images") as bar:
        for i, found in decoded(split, range(len(split))):
            try:
                if isinstance(found, DataError):
                    raise found
                look(i, found)
                usable.append(i)
            except DataError as error:
                if not skip:
                    raise
                LOG.warning(f"left out: {error}")
            bar.show(i + 1, len(split))
    if not usable:
        raise DataError(f"no image of the {split.split} split is usable")
    return np.array(usable, dtype=np.int64)


def announce_data(train: Split, val: Split) -> None:
    """Log the size of both splits, what synthetic data state, and what validation knows already."""
    LOG.info(f"{len(train)} images to train, {len(val)} to validate, from {train.root}")
    if statement := train.statement():
        LOG.info(statement)
    seen, known = set(train.image_checksums), recorded_patients(train)
    images = sum(checksum in seen for checksum in val.image_checksums)
    people = len(known & recorded_patients(val))
    if images or people:
        LOG.warning(
            f"{images} images and {people} patients of the {val.split} split are in the "
            f"{train.split} split, too, so that validation is better than new patients will be; "
            "divide the data anew, by patient"
        )


def recorded_patients(split: Split) -> set[str]:
    """Patients by the names that the data give them, without files that stand for themselves."""
    pairs = zip(split.patients, split.ids, strict=True)
    return {patient for patient, id_ in pairs if patient != id_}
