"""Augmentation of a probe's training images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_run import write_small_data

from fairness.errors import UsageError
from training import settings
from training.backbone import open_encoder
from training.head_run import open_split
from training.models.preprocess import squashed
from training.probe.augmented import Augmented
from training.probe.config import Config
from training.probe.features import encode
from training.probe.train import train
from training.random_crop import random_box, random_crop


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    defaults = settings.read(Config, settings.CONFIGS / "probe.yaml", "tiny", "tiny")
    data = write_small_data(tmp_path_factory.mktemp("data"))
    return replace(defaults, data=data, epochs=2, batch_size=8, evaluate_every=1)


@pytest.mark.parametrize(("height", "width"), [(664, 512), (90, 400), (40, 40)])
def test_a_probe_s_crops_have_the_area_and_shape_that_are_asked_for(
    height: int, width: int
) -> None:
    rng = np.random.default_rng(0)
    boxes = np.array([random_box(height, width, rng) for _ in range(500)])
    top, left, h, w = boxes.T
    assert top.min() >= 0
    assert left.min() >= 0
    assert (top + h).max() <= height
    assert (left + w).max() <= width
    whole = (h == height) | (w == width)  # the middle, where no draw fits
    share = (h * w / (height * width))[~whole]
    assert ((share > 0.45) & (share < 1.01)).all()
    assert ((w / h >= 0.73) & (w / h <= 1.37)).all()


def test_a_probe_s_crop_is_its_part_of_the_image_or_the_mirror_of_it() -> None:
    image = np.random.default_rng(1).integers(0, 256, (60, 50), dtype=np.uint8)
    mirrored = []
    for seed in range(20):
        top, left, h, w = random_box(60, 50, np.random.default_rng(seed))
        part = torch.from_numpy(image[top : top + h, left : left + w].copy())[None]
        expected = squashed(part, 32)[0].numpy()
        found = random_crop(image, 32, np.random.default_rng(seed)).astype(np.float32)
        away = [np.abs(found - one).mean() for one in (expected, expected[:, ::-1])]
        assert min(away) < 0.5
        mirrored.append(away[1] < away[0])
    assert 3 < sum(mirrored) < 17


def test_augmented_features_of_a_probe_change_with_the_epoch_alone(config: Config) -> None:
    encoder, _, _ = open_encoder(config)
    split = open_split(config, "train")
    anew = Augmented(encoder, split, tuple(split.ids), seed=3)
    batch = np.arange(5)
    first = anew.features(0, batch)
    assert torch.equal(anew.features(0, batch), first)
    assert torch.allclose(anew.features(0, batch[2:3])[0], first[2], atol=1e-5)
    assert not torch.allclose(anew.features(1, batch), first, atol=1e-3)
    plain = torch.from_numpy(encode(encoder, split).values[:5])
    assert not torch.allclose(plain, first, atol=1e-3)


def test_an_augmented_probe_is_fitted_and_says_so(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "training")
    best = train(replace(config, augment=True), tmp_path / "anew")
    assert "cropped and mirrored at random, and encoded anew in every epoch" in caplog.text
    other = train(config, tmp_path / "once")
    assert "features are computed once, so images are not augmented" in caplog.text
    weights = [(folder / "model.safetensors").read_bytes() for folder in (best, other)]
    assert weights[0] != weights[1]


def test_a_logistic_probe_is_not_augmented(config: Config, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--augment: the logistic probe"):
        train(replace(config, head="logistic", augment=True), tmp_path)
