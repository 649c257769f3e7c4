"""Image-text pairs of a split for training: which ones make up a step, and their tensors.

Which samples a step sees is a function of the seed and the step's number alone, so a resumed run
needs no state of any loader.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.marker import read_marker
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.errors import DataError, UsageError
from training.models.preprocess import Preprocess
from training.models.prompts import tokenize
from training.runlog import LOG, progress_bar

DEFAULT_ROOT = Path("data/fairvlmed")


def ensure_default(root: Path) -> None:
    """Write the synthetic data set if `root` is the default folder, and it is not there in full."""
    unfinished = read_marker(root).get("complete") is False
    if root != DEFAULT_ROOT or (root.exists() and not unfinished):
        return
    LOG.info(f"{root} is missing: writing a synthetic data set there; --data names another folder")
    with progress_bar("writing images") as bar:
        write_fairvlmed(root, progress=bar.show)


def batch_at(members: IntArray, size: int, step: int, key: tuple[int, ...]) -> IntArray:
    """The batch that an endless loader over shuffled members gives at a step.

    Each pass visits every member once, in an order of its own, and ends with a batch that may be
    smaller; a group smaller than `size` comes back at every step.

    Args:
        members: (n,) sample numbers, n >= 1.
        size: of a full batch.
        step: from 0 on.
        key: seed of the run, then numbers that tell its loaders apart.
    """
    per_pass = steps_per_pass(len(members), size)
    order = np.random.default_rng([*key, step // per_pass]).permutation(members)
    start = step % per_pass * size
    return order[start : start + size]


def steps_per_pass(n: int, size: int) -> int:
    """Batches that visit n samples once; the last one may be smaller."""
    return -(-n // size)


def group_members(split: FairVLMed, attribute: str, usable: IntArray) -> dict[str, IntArray]:
    """The usable samples of every group that has any, by the group's name.

    Raises:
        UsageError: the data set does not know the attribute.
    """
    known = {a.name: a for a in split.attributes}
    if attribute not in known:
        raise UsageError(f"no attribute '{attribute}'; choose from {', '.join(known)}")
    codes = split.codes[attribute][usable]
    groups = known[attribute].groups
    members = {group: usable[codes == code] for code, group in enumerate(groups)}
    missing = [group for group in groups if not len(members[group])]
    if missing:
        LOG.warning(f"no training sample has {attribute} {', '.join(missing)}: left out")
    return {group: found for group, found in members.items() if len(found)}


def group_batches(
    groups: Mapping[str, IntArray], size: int, step: int, seed: int
) -> dict[str, IntArray]:
    """A batch of each group at a step, from an endless loader of its own."""
    return {
        group: batch_at(members, size, step, (seed, 1, number))
        for number, (group, members) in enumerate(groups.items())
    }


class Pairs:
    """What the network sees of a split: (S, S) uint8 crops and (77,) tokens of its samples.

    They are kept while the crops of the whole split fit into `keep_mb`, and read again at each use
    otherwise. A crop holds whole grey levels at the model's size, so keeping it loses nothing.
    """

    def __init__(self, split: FairVLMed, size: int, keep_mb: int) -> None:
        self._split, self._preprocess = split, Preprocess(size)
        self._keeps = len(split) * size**2 <= keep_mb * 2**20
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def check(self, skip: bool) -> IntArray:
        """Read every sample once, before hours of training; the numbers of those that are usable.

        Raises:
            DataError: an image is broken and must not be skipped, or nothing is left.
        """
        usable = []
        with progress_bar("reading images") as bar:
            for i in range(len(self._split)):
                try:
                    self._pair(i)
                    usable.append(i)
                except DataError as error:
                    if not skip:
                        raise
                    LOG.warning(f"left out: {error}")
                bar.show(i + 1, len(self._split))
        if not usable:
            raise DataError(f"no image of the {self._split.split} split is usable")
        return np.array(usable, dtype=np.int64)

    def fetch(self, index: IntArray) -> tuple[Tensor, Tensor]:
        """Crops (B, S, S) uint8 and tokens (B, 77) int64 of the samples with these numbers.

        Raises:
            DataError: an image is broken.
        """
        pairs = [self._pair(int(i)) for i in index]
        return torch.stack([crop for crop, _ in pairs]), torch.stack([text for _, text in pairs])

    def _pair(self, i: int) -> tuple[Tensor, Tensor]:
        if i in self._kept:
            return self._kept[i]
        sample = self._split[i]
        if sample.text is None:
            raise UsageError("the split was opened without a text source; training needs one")
        crop = self._preprocess.crop(torch.from_numpy(sample.image)[None])[0].to(torch.uint8)
        pair = crop, tokenize([sample.text])[0]
        if self._keeps:
            self._kept[i] = pair
        return pair
