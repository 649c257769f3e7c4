"""Checks of the data before training, and synthetic data where the default folder is missing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fairness.arrays import IntArray
from fairness.attributes import Attribute
from fairness.datasets.catalogue import dataset_of, is_missing
from fairness.datasets.reader import Split
from fairness.errors import DataError, UsageError
from training.runlog import LOG, progress_bar

DATA = Path("data")
"""The default folder of a data set is the one of its name in here; `fair-audit` looks there too."""


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


def usable_samples(split: Split, read: Callable[[int], object], skip: bool) -> IntArray:
    """Numbers of the samples that can be read: each is read once, before hours of training.

    Args:
        split: whose samples are meant.
        read: reads the sample of a number; raises DataError where it is unusable.
        skip: leave out unusable samples instead of raising.

    Raises:
        DataError: a sample is unusable and must not be skipped, or nothing is left.
    """
    usable = []
    with progress_bar("reading images") as bar:
        for i in range(len(split)):
            try:
                read(i)
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
    """Log the size of both splits, and what synthetic data state about themselves."""
    LOG.info(f"{len(train)} images to train, {len(val)} to validate, from {train.root}")
    if statement := train.statement():
        LOG.info(statement)
