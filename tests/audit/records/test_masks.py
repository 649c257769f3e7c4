"""Overlays, the choice of the worst cases, kept masks; answers are dropped as soon as scored."""

import gc
import json
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from scipy import ndimage
from served_masks import MASK_SPEC

from audit.records.journal import Journal
from audit.records.masks import COLOURS, file_name, keeping, outline, overlay, worst_of
from audit.ways import of_masks, reading_of
from fairness.arrays import Array, Image
from fairness.attributes import GENDER
from fairness.errors import DataError
from fairness.evaluate import score
from fairness.mask_scores import NAMES, score_masks
from fairness.outcomes import CaseOutcomes
from fairness.samples import Batch, Sample, batched


def some_masks(count: int, seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random((count, 24, 30)), (0, 4, 4))
    bounds = np.quantile(smooth, [0.6, 0.85])
    found: Image = np.digitize(smooth, bounds).astype(np.uint8)
    return found


def samples(count: int) -> list[Sample]:
    images = np.random.default_rng(1).integers(0, 256, (count, 24, 30), dtype=np.uint8)
    return [
        Sample(f"s{i:02}", images[i], mask, {"gender": i % 3 - 1}, f"p{i}", {})
        for i, mask in enumerate(some_masks(count))
    ]


def one_batch(count: int) -> Batch:
    (found,) = batched(samples(count), count)
    return found


def cases(rim: list[float], cup: list[float], gender: list[int]) -> CaseOutcomes:
    return CaseOutcomes(
        ids=tuple(f"s{i}" for i in range(len(rim))),
        patients=tuple(f"p{i}" for i in range(len(rim))),
        attributes=(GENDER,),
        codes={"gender": np.array(gender)},
        covariates={},
        scores={"rim_dice": np.array(rim), "cup_dice": np.array(cup)},
    )


def test_an_outline_is_what_an_erosion_takes_away() -> None:
    for mask in some_masks(5) > 0:
        eroded = ndimage.binary_erosion(mask)  # 4-neighbourhood; outside the image is background
        np.testing.assert_array_equal(outline(mask), mask & ~eroded)


def test_an_overlay_draws_both_masks_and_leaves_the_rest_grey() -> None:
    image = np.full((24, 30), 77, dtype=np.uint8)
    reference, prediction = np.zeros_like(image), np.zeros_like(image)
    reference[2:10, 2:10] = 1
    reference[4:7, 4:7] = 2
    prediction[12:20, 15:25] = 1
    prediction[14:16, 17:20] = 2
    pixels = np.asarray(overlay(image, reference, prediction))
    assert tuple(pixels[2, 5]) == COLOURS["reference", "disc"]
    assert tuple(pixels[4, 5]) == COLOURS["reference", "cup"]
    assert tuple(pixels[12, 20]) == COLOURS["prediction", "disc"]
    assert tuple(pixels[14, 18]) == COLOURS["prediction", "cup"]
    assert tuple(pixels[8, 8]) == tuple(pixels[0, 0]) == (77, 77, 77)


def test_the_worst_of_each_group_come_worst_first_and_undefined_ones_last() -> None:
    rim = [0.9, 0.1, 0.5, 0.5, np.nan, 0.2]
    cup = [0.9, 0.2, 0.5, 0.5, 0.0, 0.1]
    found = worst_of(cases(rim, cup, [0, 0, 0, 0, 1, -1]), 2)
    assert found == {
        ("gender", "Female"): ["s1", "s2"],
        ("gender", "Male"): ["s4"],
        ("gender", "unknown"): ["s5"],
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [("data_1", "data_1"), ("../../etc", "_.._etc"), ("a/b c", "a_b_c"), ("..", "_"), ("", "_")],
)
def test_a_name_from_a_file_stays_inside_its_folder(text: str, name: str) -> None:
    assert file_name(text) == name


def test_kept_masks_are_the_answers(tmp_path: Path) -> None:
    batch, answer = one_batch(3), some_masks(3, seed=4)
    values = keeping(reading_of(MASK_SPEC, False), tmp_path)(batch, answer)
    expected = score_masks(answer, batch.targets, surface=False)
    assert values.keys() == expected.keys()
    for name, column in expected.items():
        np.testing.assert_array_equal(values[name], column)
    for id_, mask in zip(batch.ids, answer, strict=True):
        np.testing.assert_array_equal(np.asarray(Picture.open(tmp_path / f"{id_}.png")), mask)


def test_an_answer_that_is_no_mask_names_its_sample() -> None:
    batch, answer = one_batch(3), some_masks(3)
    with pytest.raises(DataError, match=r"answered shape \(3, 24, 29\) for samples s00..s02, .*"):
        of_masks(batch, answer[:, :, :29], surface=False)
    answer[1, 5, 5] = 3
    with pytest.raises(DataError, match="answered class 3 for sample s01, known are 0 background"):
        of_masks(batch, answer, surface=False)


def test_masks_are_dropped_once_they_are_scored_and_never_journalled(tmp_path: Path) -> None:
    alive: list[weakref.ref[Array]] = []

    def predict(batches: Iterable[Batch]) -> Iterator[tuple[Batch, Array]]:
        for number, batch in enumerate(batches):
            answer = some_masks(len(batch), seed=number)
            alive.append(weakref.ref(answer))
            yield batch, answer
            del answer
            gc.collect()
            assert sum(ref() is not None for ref in alive) <= 1

    with Journal(tmp_path / "journal.sqlite", {}, resume=False) as journal:
        for rows in score(batched(samples(20), 4), predict, reading_of(MASK_SPEC, True)):
            journal.record(rows)
        assert len(alive) == 5
        assert len(journal) == 20
    database = sqlite3.connect(tmp_path / "journal.sqlite")
    for target, text in database.execute('SELECT target, "values" FROM answers'):
        assert target is None
        values = json.loads(text)
        assert list(values) == list(NAMES)
        assert all(isinstance(value, float) for value in values.values())
    database.close()
