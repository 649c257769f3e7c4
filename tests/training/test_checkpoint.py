"""A checkpoint rebuilds its own model, and says what is wrong with it where it cannot."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.notes import LABEL_TEXTS
from fairness.errors import DataError
from training import checkpoint
from training.checkpoint import DOCUMENT, WEIGHTS
from training.checkpoint_record import FairCLIPRecord
from training.models.clip import Clip, build, restore
from training.models.prompts import tokenize

RECORD = FairCLIPRecord(
    preset="tiny",
    dataset="fairvlmed",
    target="glaucoma",
    threshold=Threshold(value=0.1 + 0.2, rule="youden", split="val", split_sha256="ab"),
    selected_on=SelectedOn(split="val", epoch=3, value=1 / 3),
    config={"lr": 1e-3, "betas": [0.9, 0.999], "weights": None, "data": "data/fairvlmed"},
    seed=4,
)


def save(folder: Path, model: Clip, record: FairCLIPRecord) -> None:
    checkpoint.save(folder, model.state_dict(), model.towers.config.to_dict(), record)


@pytest.fixture(scope="module")
def model() -> Clip:
    torch.manual_seed(0)
    return build("tiny", None)


@pytest.fixture
def saved(model: Clip, tmp_path: Path) -> Path:
    save(tmp_path / "best", model, RECORD)
    return tmp_path / "best"


def test_round_trip_keeps_record_and_outputs_bit_for_bit(model: Clip, saved: Path) -> None:
    stored = checkpoint.load(saved)
    assert stored.record == RECORD
    loaded = restore(stored)
    images = torch.randint(0, 256, (2, 200, 150), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(loaded.encode_image(images), model.encode_image(images))
        tokens = tokenize(LABEL_TEXTS)
        assert torch.equal(loaded.encode_text(tokens), model.encode_text(tokens))


def test_the_folder_holds_two_files_and_the_shape_of_the_model(saved: Path) -> None:
    assert sorted(file.name for file in saved.iterdir()) == [DOCUMENT, WEIGHTS]
    document = json.loads((saved / DOCUMENT).read_text())
    assert document["architecture"]["vision_config"]["image_size"] == 96


def test_parameters_of_another_checkpoint_are_refused(
    model: Clip, saved: Path, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    save(tmp_path / "other", build("tiny", None), replace(RECORD, seed=5))
    (saved / WEIGHTS).write_bytes((tmp_path / "other" / WEIGHTS).read_bytes())
    with pytest.raises(DataError, match="does not belong to"):
        checkpoint.load(saved)


def test_parameters_that_do_not_fit_the_architecture_are_refused(saved: Path) -> None:
    document = json.loads((saved / DOCUMENT).read_text())
    document["architecture"]["projection_dim"] = 32
    (saved / DOCUMENT).write_text(json.dumps(document))
    with pytest.raises(DataError, match="does not fit its architecture"):
        restore(checkpoint.load(saved))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d | {"format": 1}, "format 1, this version reads 2"),
        (
            lambda d: d | {"record": {"method": "fairclip"}},
            r"record.fairclip.preset: Field required",
        ),
        (lambda d: [d], "not a checkpoint's JSON"),
    ],
)
def test_a_wrong_document_is_refused_in_one_line(saved: Path, change: object, message: str) -> None:
    document = json.loads((saved / DOCUMENT).read_text())
    assert callable(change)
    (saved / DOCUMENT).write_text(json.dumps(change(document)))
    with pytest.raises(DataError, match=message) as caught:
        checkpoint.load(saved)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", [DOCUMENT, WEIGHTS])
def test_a_missing_file_is_named(saved: Path, missing: str) -> None:
    (saved / missing).unlink()
    with pytest.raises(DataError, match=missing):
        checkpoint.load(saved)
