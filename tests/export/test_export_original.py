"""A checkpoint of FairCLIP's authors, from its file to a served model: it scores as it did."""

from pathlib import Path

import numpy as np
import pytest
import torch
from original_clip import OriginalClip, original_checkpoint
from small_run import write_small_data

from export.__main__ import run as export_run
from export.parity import open_session
from fairness.arrays import Array
from fairness.datasets.fairvlmed import FairVLMed
from training import checkpoint
from training.checkpoint_record import FairCLIPRecord
from training.fairclip.__main__ import run as train_run
from training.models.preprocess import Preprocess
from training.models.prompts import tokenize


def original_scores(model: OriginalClip, images: Array) -> Array:
    """Sigmoid of the difference of both cosines, without the logit scale: the authors' score."""
    prompts = tokenize(["A photo of non-glaucoma", "A photo of glaucoma"])
    with torch.no_grad():
        pixels = Preprocess(96)(torch.from_numpy(images))
        features, texts = model(pixels, prompts)
        return np.asarray(torch.softmax(features @ texts.T, dim=1)[:, 1:].numpy())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.mark.methods
def test_the_served_model_scores_as_the_original_network(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    original = OriginalClip().eval()
    weights, out = tmp_path / "clip_ep007.pth", tmp_path / "run"
    torch.save(original_checkpoint(original), weights)
    given = ["--preset", "tiny", "--weights", str(weights), "--epochs", "0"]
    assert train_run([*given, "--data", str(data), "--out", str(out)]) == 0
    assert export_run([str(out), "--repository", str(tmp_path / "models")]) == 0

    val = FairVLMed(data, "val")
    images = np.stack([val.read(i).image for i in range(len(val))])
    expected = original_scores(original, images)
    session = open_session((tmp_path / "models" / "fairclip" / "1" / "model.onnx").read_bytes())
    (found,) = session.run(["probability"], {"image": images})
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)

    record = checkpoint.load(out / "best").record
    assert isinstance(record, FairCLIPRecord)
    assert (record.fair_mode, record.threshold.split) == ("none", "val")
    assert record.selected_on is not None
    assert record.selected_on.epoch == 0
    assert record.config["weights"] == str(weights)
    assert expected.min() <= record.threshold.value + 2e-6


def test_no_epochs_need_weights(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_run(["--preset", "tiny", "--epochs", "0", "--data", str(data)]) == 2
    assert "--epochs 0 keeps pretrained weights" in capsys.readouterr().err.splitlines()[-1]
