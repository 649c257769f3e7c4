"""Image-text pairs of a split for training: batches of each group, and tensors of the samples."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fairness.arrays import IntArray
from fairness.attributes import UNKNOWN_LABEL
from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import UsageError
from fairness.samples import Sample
from training.fairclip.fair_loss import FairObjective, Group
from training.losses.fair_settings import FairSettings
from training.models.preprocess import Preprocess
from training.models.prompts import tokenize
from training.runlog import LOG
from training.starting_data import attribute_of, known_groups, usable_samples


def group_members(split: FairVLMed, attribute: str, usable: IntArray) -> dict[str, IntArray]:
    """The usable samples of every group that has any, by the group's name.

    Raises:
        UsageError: the data set does not know the attribute.
    """
    found = known_groups(split, attribute, usable)
    if len(found) < 2:
        LOG.warning(
            f"{attribute} is {' or '.join([*found, UNKNOWN_LABEL])} in all training samples: the "
            "fair term compares no groups; choose another --attribute"
        )
    groups, codes = attribute_of(split, attribute).groups, split.codes[attribute][usable]
    return {group: usable[codes == groups.index(group)] for group in found}


def fair_groups(
    split: FairVLMed, weights: Mapping[str, float], usable: IntArray
) -> tuple[Group, ...]:
    """The groups of several attributes that have any usable sample, with their weights.

    Raises:
        UsageError: the data set does not know an attribute.
    """
    return tuple(
        Group(f"{attribute}/{group}", members, weight)
        for attribute, weight in weights.items()
        for group, members in group_members(split, attribute, usable).items()
    )


def make_objective(
    settings: FairSettings, seed: int, split: FairVLMed, usable: IntArray
) -> FairObjective:
    """The fair objective of a run, which knows the groups of the usable training samples.

    Args:
        settings: of the fair term.
        seed: of the groups' batches.
        split: the training split.
        usable: (n,) numbers of its usable samples.

    Raises:
        UsageError: the data set does not know an attribute.
    """
    for name in settings.attributes:
        attribute_of(split, name)
    fair = settings.fair_mode != "none"
    groups = fair_groups(split, settings.attributes, usable) if fair else ()
    return FairObjective(settings, groups, seed)


class Pairs:
    """Crops (S, S) uint8 and tokens (77,) of a split's samples, as the network takes them.

    They are kept while the crops of the whole split fit into `keep_mb`, and read again at each use
    otherwise. A crop holds whole grey levels at the model's size, so keeping it loses nothing.
    """

    def __init__(self, split: FairVLMed, size: int, keep_mb: int) -> None:
        self._split, self._preprocess = split, Preprocess(size)
        self._keeps = len(split) * size**2 <= keep_mb * 2**20
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}

    def check(self, skip: bool) -> IntArray:
        """Numbers of the usable samples; errors as `usable_samples`."""
        return usable_samples(self._split, self._made, skip)

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
        return self._made(i, self._split.read(i))

    def _made(self, i: int, sample: Sample) -> tuple[Tensor, Tensor]:
        if sample.text is None:
            raise UsageError("the split was opened without a text source; training needs one")
        crop = self._preprocess.crop(torch.from_numpy(sample.image)[None])[0].to(torch.uint8)
        pair = crop, tokenize([sample.text])[0]
        if self._keeps:
            self._kept[i] = pair
        return pair
