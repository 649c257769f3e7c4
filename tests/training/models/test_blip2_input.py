"""BLIP-2's images against Pillow, and its captions and vocabularies."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_blip2 import NOTES

from fairness.errors import DataError, UsageError
from training.models.blip2_text import (
    WordPieces,
    clean,
    read_vocabulary,
    require_marks,
    small_vocabulary,
)
from training.models.preprocess import Preprocess, squashed
from training.random_crop import random_crop

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(300, 448), (100, 150), (224, 224), (330, 500)])
def test_blip2_squashes_as_pillow_does(shape: tuple[int, int]) -> None:
    image = RNG.integers(0, 256, shape, dtype=np.uint8)
    pillow = np.array(Image.fromarray(image).resize((224, 224), Image.Resampling.BICUBIC))
    ours = squashed(torch.from_numpy(image)[None], 224)[0].numpy()
    distance = np.abs(ours - pillow.astype(float))
    assert distance.max() <= 1
    assert (distance > 0).mean() < 1e-3


def test_blip2_s_pixels_are_clip_s() -> None:
    grey = torch.full((1, 8, 8), 255, dtype=torch.uint8)
    red = (1 - 0.48145466) / 0.26862954
    prepare = Preprocess(4, "squash")
    assert prepare(grey)[0, 0].numpy() == pytest.approx(np.full((4, 4), red), rel=1e-5)
    with pytest.raises(DataError, match="not uint8"):
        prepare(grey / 255)


def test_blip2_s_crops_are_random_parts_of_half_to_all_of_the_area() -> None:
    rows, columns = np.meshgrid(np.arange(240), np.arange(200), indexing="ij")
    down, right = rows.astype(np.uint8), columns.astype(np.uint8)
    heights, widths, mirrored = [], [], []
    for i in range(400):
        by_row, by_column = (
            torch.from_numpy(random_crop(image, 8, np.random.default_rng(i))).float()
            for image in (down, right)
        )
        heights.append((by_row[-1, 0] - by_row[0, 0]).item() * 8 / 7)
        widths.append((by_column[0, -1] - by_column[0, 0]).item() * 8 / 7)
        mirrored.append(widths[-1] < 0)
    areas = np.abs(np.array(heights) * np.array(widths)) / (240 * 200)
    ratios = np.abs(np.array(widths) / np.array(heights))
    assert 0.42 < areas.min() < 0.56
    assert 0.9 < areas.max() < 1.06
    assert 0.7 < ratios.min() < 0.85
    assert 1.1 < ratios.max() < 1.42
    assert 0.4 < np.mean(mirrored) < 0.6


def test_blip2_s_captions_are_cleaned_as_released() -> None:
    assert clean('  C/D 0.7 (OD): "cup"!\nnon-glaucoma;  ~') == "c/d 0 7 od cup non-glaucoma"
    assert clean(" ".join("word" for _ in range(60))).count("word") == 50


def test_blip2_s_texts_become_word_pieces() -> None:
    vocabulary = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "glau", "##coma", "non", "-", "?")
    pieces = WordPieces(vocabulary)
    assert pieces(["Non-glaucoma", "unseen"]).tolist() == [[2, 6, 7, 4, 5, 3], [2, 1, 3, 0, 0, 0]]
    assert pieces.caption_start == len(vocabulary)
    long = pieces(["glaucoma " * 40])[0]
    assert (len(long), long[-1].item()) == (32, 3)


def test_blip2_s_small_vocabulary_spells_what_it_does_not_know() -> None:
    vocabulary = small_vocabulary(NOTES)
    pieces = WordPieces(vocabulary)
    unseen = pieces(["retina"])[0, 1:-1].tolist()
    assert [vocabulary[i] for i in unseen] == ["r", "##e", "##t", "##i", "##n", "##a"]
    known = pieces(["Glaucoma"])[0, 1:-1].tolist()
    assert [vocabulary[i] for i in known] == ["glaucoma"]
    assert small_vocabulary(reversed(NOTES)) == vocabulary


def test_blip2_s_vocabulary_is_read_from_a_folder(tmp_path: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "eye"]
    plain, fast = tmp_path / "plain", tmp_path / "fast"
    for folder in (plain, fast):
        folder.mkdir()
    (plain / "vocab.txt").write_text("\n".join(words) + "\n")
    ids = {word: i for i, word in enumerate(words)}
    (fast / "tokenizer.json").write_text(json.dumps({"model": {"vocab": ids}}))
    assert read_vocabulary(plain) == read_vocabulary(fast) == tuple(words)
    with pytest.raises(UsageError, match=r"neither vocab\.txt nor tokenizer\.json"):
        read_vocabulary(tmp_path)
    (tmp_path / "tokenizer.json").write_text("[]")
    with pytest.raises(UsageError, match="cannot be read"):
        read_vocabulary(tmp_path)


@pytest.mark.parametrize("words", [["[PAD]", "[UNK]", "[CLS]"], ["[PAD]", "[PAD]"]])
def test_blip2_refuses_an_odd_vocabulary(words: list[str]) -> None:
    with pytest.raises(UsageError, match=r"take bert-base-uncased's vocab\.txt"):
        require_marks(words)
