"""Overlays and kept masks; answers are dropped as soon as they are scored."""

import gc
import json
import os
import re
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from scipy import ndimage

from audit.records.journal import Journal
from audit.records.masks import (
    EYE_COLOURS,
    colours_csv,
    colours_of,
    file_name,
    keeping,
    overlay,
    save_picture,
)
from fairness.arrays import Array, Image
from fairness.evaluate import Answers, readings
from fairness.group_input import RECORDED
from fairness.mask_names import NAMES
from fairness.mask_scores import score_masks
from fairness.samples import Batch, Sample, stack
from fairness.structures import structures_of
from fairness.tasks.masks import MaskTask


def some_masks(count: int, seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random((count, 24, 30)), (0, 4, 4))
    bounds = np.quantile(smooth, [0.6, 0.85])
    found: Image = np.digitize(smooth, bounds).astype(np.uint8)
    return found


def one_batch(count: int, first: int = 0) -> Batch:
    images = np.random.default_rng(1).integers(0, 256, (count, 24, 30), dtype=np.uint8)
    return stack(
        [
            Sample(f"s{first + i:02}", images[i], mask, {"gender": i % 3 - 1})
            for i, mask in enumerate(some_masks(count))
        ]
    )


def test_an_overlay_draws_both_masks_and_leaves_the_rest_grey() -> None:
    image = np.full((24, 30), 77, dtype=np.uint8)
    reference, prediction = np.zeros_like(image), np.zeros_like(image)
    reference[2:10, 2:10] = 1
    reference[4:7, 4:7] = 2
    prediction[12:20, 15:25] = 1
    prediction[14:16, 17:20] = 2
    pixels = np.asarray(overlay(image, reference, prediction))
    assert tuple(pixels[2, 5]) == EYE_COLOURS["reference", "disc"]
    assert tuple(pixels[4, 5]) == EYE_COLOURS["reference", "cup"]
    assert tuple(pixels[12, 20]) == EYE_COLOURS["prediction", "disc"]
    assert tuple(pixels[14, 18]) == EYE_COLOURS["prediction", "cup"]
    assert tuple(pixels[8, 8]) == tuple(pixels[0, 0]) == (77, 77, 77)
    unrounded = image.astype(np.float32) + np.float32(0.25)
    again = np.asarray(overlay(unrounded, reference, prediction))
    np.testing.assert_array_equal(again, pixels)


def test_every_structure_has_a_colour_of_its_own() -> None:
    many = structures_of(("background", *(f"s{i}" for i in range(32))), {"u": ("s0", "s1")})
    colours = colours_of(many)
    assert len(set(colours.values())) == 64
    assert [role for role, _ in colours] == ["reference"] * 32 + ["prediction"] * 32
    image = np.full((24, 30), 77, dtype=np.uint8)
    reference, prediction = np.zeros_like(image), np.zeros_like(image)
    reference[2:10, 2:10], prediction[12:20, 15:25] = 5, 32
    pixels = np.asarray(overlay(image, reference, prediction, many))
    assert tuple(pixels[2, 5]) == colours["reference", "s4"]
    assert tuple(pixels[12, 20]) == colours["prediction", "s31"]
    drawn = {tuple(pixel) for pixel in pixels.reshape(-1, 3)}
    assert drawn == {(77, 77, 77), colours["reference", "s4"], colours["prediction", "s31"]}
    assert (
        colours_csv(many).splitlines()[1]
        == "s0,reference,#" + bytes(colours["reference", "s0"]).hex()
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("data_1", "data_1"), ("a b", "a b"), ("../../etc", "_.._etc"), ("a/b c", "a_b c"),
        ("..", "_"), ("", "_"), ("\x1b[2J", "__2J"), ("é" * 300, "é" * 50), ("\udcff", "_"),
    ],
)  # fmt: skip
def test_a_name_from_a_file_stays_inside_its_folder(text: str, name: str) -> None:
    kept = file_name(text)
    assert kept == name or re.fullmatch(re.escape(name) + "-[0-9a-f]{8}", kept)
    assert (kept == name) == (text == name)


def test_two_names_never_share_a_file() -> None:
    assert len({file_name(text) for text in ("a/b", "a_b", "a:b", "é" * 60, "é" * 61)}) == 5


def test_pictures_are_the_user_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save_picture(Picture.new("L", (2, 2)), tmp_path / "one.png")
    finally:
        os.umask(before)
    assert (tmp_path / "one.png").stat().st_mode & 0o777 == 0o600


def test_kept_masks_are_the_answers(tmp_path: Path) -> None:
    batch, answer = one_batch(3), some_masks(3, seed=4)
    values = keeping(MaskTask(False).read, tmp_path)(batch, {RECORDED: answer})
    expected = score_masks(answer, batch.targets, surface=False)
    assert values.keys() == expected.keys()
    for name, column in expected.items():
        np.testing.assert_array_equal(values[name], column)
    for id_, mask in zip(batch.ids, answer, strict=True):
        np.testing.assert_array_equal(np.asarray(Picture.open(tmp_path / f"{id_}.png")), mask)


def test_masks_are_dropped_once_they_are_scored_and_never_journalled(tmp_path: Path) -> None:
    alive: list[weakref.ref[Array]] = []

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Answers]]:
        for number, batch in enumerate(batches):
            answer = some_masks(len(batch), seed=number)
            alive.append(weakref.ref(answer))
            answers = {RECORDED: answer}
            yield batch, answers
            del answer, answers
            gc.collect()
            assert sum(ref() is not None for ref in alive) <= 1

    stream = [one_batch(4, first) for first in range(0, 20, 4)]
    with Journal(tmp_path / "journal.sqlite", {}, resume=False) as journal:
        for found in readings(stream, predict, MaskTask().read):
            journal.record(found)
        assert len(alive) == 5
        assert len(journal) == 20
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database:
        for (text,) in database.execute('SELECT "values" FROM answers'):
            values = json.loads(text)
            assert list(values) == list(NAMES)
            assert all(isinstance(value, float) for value in values.values())
