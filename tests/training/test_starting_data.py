"""Synthetic data where the default folder of a data set is missing, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from fairness.datasets.catalogue import dataset_of
from fairness.datasets.fairvlmed import FairVLMed
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from training import starting_data
from training.settings import DATA
from training.starting_data import ensure_data

ROOT = DATA / "fairvlmed"
SMALL = replace(
    dataset_of("fairvlmed"),
    write=lambda root, progress: write_fairvlmed(root, Recipe(train=2, val=1, test=0), progress),
)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(starting_data, "dataset_of", lambda name: SMALL)


def test_the_default_data_set_is_written_once_and_completed() -> None:
    ensure_data("fairvlmed", ROOT)
    assert len(FairVLMed(ROOT, "train")) == 2
    marker = ROOT / "SYNTHETIC.json"
    first = ROOT / "Training" / "data_00001.npz"
    first.unlink()
    ensure_data("fairvlmed", ROOT)  # complete by its own word: left alone
    assert not first.exists()
    marker.write_text(marker.read_text().replace('"complete": true', '"complete": false'))
    ensure_data("fairvlmed", ROOT)
    assert first.exists()


@pytest.mark.parametrize("folder", ["mistyped", "data/fairseg"])
def test_no_other_folder_is_ever_filled(folder: str) -> None:
    ensure_data("fairvlmed", Path(folder))
    assert not Path(folder).exists()
