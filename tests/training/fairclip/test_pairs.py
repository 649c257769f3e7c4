"""Batches of each group, and the crops and tokens of samples."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from small_run import write_small_data

from fairness.datasets.fairvlmed import FairVLMed
from fairness.errors import DataError, UsageError
from fairness.samples import Sample
from training.fairclip.pairs import Pairs, group_members
from training.models.preprocess import Preprocess
from training.models.prompts import tokenize


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> FairVLMed:
    root = write_small_data(tmp_path_factory.mktemp("data"))
    return FairVLMed(root, "train", text_source="note")


def test_members_of_a_group_are_its_usable_samples(split: FairVLMed) -> None:
    usable = np.arange(1, len(split))
    members = group_members(split, "gender", usable)
    assert sorted(np.concatenate(list(members.values()))) == list(usable)
    assert set(split.codes["gender"][members["Male"]]) == {1}


def test_a_group_without_samples_is_left_out_with_a_warning(
    split: FairVLMed, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "training"):
        members = group_members(split, "race", np.arange(len(split)))
    assert list(members) == ["Black", "White"]
    assert caplog.messages == ["no training sample has race Asian: left out"]


def test_an_unknown_attribute_is_refused_by_name(split: FairVLMed) -> None:
    with pytest.raises(UsageError, match="no attribute 'rase'; choose from race, gender"):
        group_members(split, "rase", np.arange(len(split)))


@pytest.mark.parametrize("keep_mb", [0, 1])
def test_pairs_are_the_crops_and_tokens_of_the_samples(split: FairVLMed, keep_mb: int) -> None:
    pairs = Pairs(split, 32, keep_mb)
    for _ in range(2):  # the second time from memory, where it may be kept
        crops, tokens = pairs.fetch(np.array([5, 2]))
        for sample, crop, text in zip((split.read(5), split.read(2)), crops, tokens, strict=True):
            image = torch.from_numpy(sample.image)[None]
            assert torch.equal(crop, Preprocess(32).crop(image)[0].to(torch.uint8))
            assert torch.equal(text, tokenize([str(sample.text)])[0])


def test_pairs_are_kept_only_within_the_bound(
    split: FairVLMed, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    original = FairVLMed.read

    def counting(split: FairVLMed, index: int) -> Sample:
        decoded.append(index)
        return original(split, index)

    monkeypatch.setattr(FairVLMed, "read", counting)
    kept, not_kept = Pairs(split, 32, keep_mb=1), Pairs(split, 256, keep_mb=1)  # 24 KB, 1.5 MB
    for pairs, reads in ((kept, 1), (not_kept, 2)):
        decoded.clear()
        pairs.fetch(np.array([0]))
        pairs.fetch(np.array([0]))
        assert len(decoded) == reads


def break_image(file: Path) -> None:
    """Flip bytes in the middle of a stored npz, where the image is."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8] = bytes(8)
    file.write_bytes(content)


def test_a_broken_image_stops_or_is_left_out_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_small_data(tmp_path)
    break_image(root / "Training" / "data_00003.npz")
    broken = FairVLMed(root, "train", text_source="note", on_error="skip")
    with pytest.raises(DataError, match="data_00003"):
        Pairs(broken, 32, 1).check(skip=False)
    with caplog.at_level(logging.WARNING, "training"):
        usable = Pairs(broken, 32, 1).check(skip=True)
    assert sorted(set(range(24)) - set(usable)) == [2]
    assert "data_00003" in caplog.text
