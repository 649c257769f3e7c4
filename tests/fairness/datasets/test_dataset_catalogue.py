"""The table of data sets: each opens with its own target, and its synthetic data are its own."""

from pathlib import Path

import pytest

from fairness.datasets.catalogue import DATASETS, SPLITS, dataset_of, is_missing, open_split
from fairness.datasets.stream import samples
from fairness.errors import UsageError
from fairness.synthetic.fairfedmed import write_fairfedmed
from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from fairness.synthetic.site_recipe import Kind, SiteRecipe


def write_small(name: str, root: Path) -> None:
    """A few images in the layout of a data set."""
    if name == "fairvlmed":
        write_fairvlmed(root, Recipe(train=2, val=2, test=3, seed=1))
    elif name == "fairseg":
        write_fairseg(root, SegRecipe(train=2, val=2, test=3, seed=1, size=(96, 112)))
    else:
        kinds: dict[str, Kind] = {"slo": "oph-slo", "oct": "oph-oct", "chest": "chest"}
        kind = kinds[DATASETS[name].modality]
        write_fairfedmed(root, SiteRecipe(kind=kind, patients=60, size=(24, 16), scans=8, seed=1))


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_opens_by_its_name_alone(name: str, tmp_path: Path) -> None:
    write_small(name, tmp_path / "d")
    split = open_split(name, tmp_path / "d", "test")
    assert (split.name, split.target) == (name, DATASETS[name].target)
    assert len(split) > 0
    for shape, sample in zip(split.shapes, samples(split), strict=True):
        assert shape == sample.image.shape
    assert (split.labels is None) == (name == "fairseg")


def test_a_data_set_without_a_reader_is_named() -> None:
    with pytest.raises(UsageError, match=r"reads no dataset 'mnist' \(it reads: fairvlmed, "):
        dataset_of("mnist")


def test_what_is_missing_is_what_was_never_written_in_full(tmp_path: Path) -> None:
    root = tmp_path / "d"
    assert is_missing(root)
    write_fairvlmed(root, Recipe(train=1, val=1, test=1, seed=1))
    assert not is_missing(root)
    marker = root / "SYNTHETIC.json"
    marker.write_text(marker.read_text().replace("true", "false"))
    assert is_missing(root)
    assert SPLITS == ("train", "val", "test")
