"""The table of all data sets: reader, default target and synthetic data of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.fairfedmed_chest import FairFedMedChest
from fairness.datasets.fairseg import FairSeg
from fairness.datasets.fairvlmed import FairVLMed, TextSource
from fairness.datasets.marker import is_unfinished
from fairness.datasets.reader import OnError, Split
from fairness.datasets.sites import find_sites
from fairness.errors import UsageError
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Progress, Recipe
from fairness.synthetic.site_recipe import SiteRecipe

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
    """Opens a split from a root, its name, and the options `target`, `on_error`, `shape`."""
    options: tuple[str, ...]
    """Further options of the reader."""
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


_TABLE = (
    Dataset(
        name=FairVLMed.name,
        target=FairVLMed.default_target,
        modality="slo",
        reader=FairVLMed,
        options=("text_source",),
        write=lambda root, progress: write_fairvlmed(root, Recipe(), progress),
    ),
    Dataset(
        name=FairSeg.name,
        target=FairSeg.default_target,
        modality="slo",
        reader=FairSeg,
        options=(),
        write=lambda root, progress: write_fairseg(root, SegRecipe(), progress),
    ),
    Dataset(
        name="fairfedmed-slo",
        target=FairFedMedOph.default_target,
        modality="slo",
        reader=partial(FairFedMedOph, modality="slo"),
        options=("attribute", "sites"),
        write=lambda root, progress: write_fairfedmed(root, SiteRecipe(kind="oph-slo"), progress),
        site_prefix=FairFedMedOph.prefix,
    ),
    Dataset(
        name="fairfedmed-oct",
        target=FairFedMedOph.default_target,
        modality="oct",
        reader=partial(FairFedMedOph, modality="oct"),
        options=("attribute", "sites"),
        write=lambda root, progress: write_fairfedmed(root, SiteRecipe(kind="oph-oct"), progress),
        site_prefix=FairFedMedOph.prefix,
    ),
    Dataset(
        name=FairFedMedChest.name,
        target=FairFedMedChest.default_target,
        modality="chest",
        reader=FairFedMedChest,
        options=("attribute", "sites"),
        write=lambda root, progress: write_fairfedmed(root, SiteRecipe(kind="chest"), progress),
        site_prefix=FairFedMedChest.prefix,
    ),
)

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


def open_split(
    dataset: str,
    root: Path,
    split: str,
    *,
    target: str | None = None,
    on_error: OnError = "stop",
    attribute: str = "race",
    sites: tuple[str, ...] | None = None,
    shape: tuple[int, ...] | None = None,
    text_source: TextSource | None = None,
) -> Split:
    """Open one split of a data set; an option that its reader does not have is ignored.

    Args:
        dataset: name in `DATASETS`.
        root: folder of the data.
        split: `train`, `val` or `test`.
        target: key of what is to be predicted; None for the data set's default.
        on_error: `stop` at a file that cannot be read, or `skip` it.
        attribute: by which the sites were made, where they are made anew for each attribute.
        sites: names of the sites to read; None for all.
        shape: of every image: radiographs are squashed to it, other images of another shape count
            as unusable. None: any.
        text_source: text of a sample: its `note`, the prompt of its `label`, or None.

    Raises:
        UsageError: there is no such data set, target, attribute or site.
        DataError: the folder or the split is missing or unusable.
    """
    found = dataset_of(dataset)
    further = {"attribute": attribute, "sites": sites, "text_source": text_source}
    options = {name: further[name] for name in found.options}
    return found.reader(root, split, target=target, on_error=on_error, shape=shape, **options)


def is_missing(root: Path) -> bool:
    """Whether synthetic data are to be written: no such folder, or writing was interrupted."""
    return not root.exists() or is_unfinished(root)
