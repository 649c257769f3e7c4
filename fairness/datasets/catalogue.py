"""The table of all data sets: reader, default target and synthetic data of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Unpack

from fairness.datasets.fairfedmed import FairFedMedOct, FairFedMedOph
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.federated import FederatedSplit
from fairness.datasets.marker import is_unfinished
from fairness.datasets.reader import Options, Split
from fairness.datasets.sites import find_sites
from fairness.errors import UsageError
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Progress, Recipe
from fairness.synthetic.site_recipe import Kind, SiteRecipe

SPLITS = ("train", "val", "test")

Modality = Literal["slo", "oct", "chest"]


@dataclass(frozen=True)
class Dataset:
    """One data set: how it is read, and how synthetic data in its layout are written."""

    name: str
    target: str
    """Key of what is predicted where no other is named."""
    modality: Modality
    """SLO fundus images, OCT volumes or chest radiographs."""
    reader: Callable[..., Split]
    """Opens a split from a root, its name, and `reader.Options`."""
    write: Callable[[Path, Progress | None], None]
    """Writes the synthetic data set of default size and seed to a folder."""
    site_prefix: str | None = None
    """Text before a site's name in the names of the csv files; None where there are no sites."""

    def site_names(self, root: Path, attribute: str) -> tuple[str, ...]:
        """Names of the sites that were made by an attribute, in natural order.

        Raises:
            UsageError: the data set has no sites.
            DataError: there are none for this attribute.
        """
        if self.site_prefix is None:
            raise UsageError(f"{self.name} has no sites; choose a fairfedmed data set")
        return find_sites(root, self.site_prefix, attribute)


def _federated(reader: type[FederatedSplit], modality: Modality, kind: Kind) -> Dataset:
    """A part of FairFedMed."""

    def write(root: Path, progress: Progress | None) -> None:
        write_fairfedmed(root, SiteRecipe(kind=kind), progress)

    return Dataset(reader.name, reader.default_target, modality, reader, write, reader.prefix)


_TABLE = (
    Dataset(
        "fairvlmed", FairVLMed.default_target, "slo", FairVLMed,
        lambda root, progress: write_fairvlmed(root, Recipe(), progress),
    ),
    Dataset(
        "fairseg", FairSeg.default_target, "slo", FairSeg,
        lambda root, progress: write_fairseg(root, SegRecipe(), progress),
    ),
    _federated(FairFedMedOph, "slo", "oph-slo"),
    _federated(FairFedMedOct, "oct", "oph-oct"),
    _federated(FairFedMedChest, "chest", "chest"),
)  # fmt: skip

DATASETS: Mapping[str, Dataset] = {dataset.name: dataset for dataset in _TABLE}
"""Every data set by the name that a model's self-description gives."""


def dataset_of(name: str) -> Dataset:
    """The data set of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in DATASETS:
        raise UsageError(
            f"this fair-audit reads no dataset '{name}' (it reads: {', '.join(DATASETS)}); "
            "update it"
        )
    return DATASETS[name]


def open_split(dataset: str, root: Path, split: str, **options: Unpack[Options]) -> Split:
    """Open one split (`train`, `val` or `test`) of a data set by its name in `DATASETS`.

    Raises:
        UsageError: there is no such data set, target, attribute or site.
        DataError: the folder or the split is missing or unusable.
    """
    return dataset_of(dataset).reader(root, split, **options)


def is_missing(root: Path) -> bool:
    """Whether synthetic data are to be written: no such folder, or writing was interrupted."""
    return not root.exists() or is_unfinished(root)
