"""Outputs of described models as probabilities and masks, by hand."""

import numpy as np
import pytest

from fairness.arrays import Array
from fairness.foreign.answers import masks, probabilities
from fairness.foreign.description import ImageInput, Masks, Scores

SENT = ImageInput(name="x", layout="NCHW")
NATIVE = np.zeros((2, 2, 3), np.uint8)
CLASSES = {"background": 2, "rim": 0, "cup": 1}


def scores(**said: object) -> Scores:
    return Scores.model_validate({"name": "y", **said})


def drawn(**said: object) -> Masks:
    return Masks.model_validate({"name": "y", "classes": CLASSES} | said)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 1, 1, 1)])
def test_a_logit_goes_through_a_sigmoid(shape: tuple[int, ...]) -> None:
    output = np.array([0.0, 2.0, -800.0], np.float32).reshape(shape)
    found = probabilities(output, scores(holds="logit"), 3)
    assert found.shape == (3, 1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], [0.5, 1 / (1 + np.exp(-2)), 0], atol=1e-7)


def test_logits_go_through_a_softmax_over_all_classes() -> None:
    output = np.array([[1.0, 2.0, 3.0], [900.0, 0.0, 900.0]], np.float32)
    found = probabilities(output, scores(holds="logits", positive=2), 2)
    expected = np.exp(3) / (np.exp(1) + np.exp(2) + np.exp(3))
    np.testing.assert_allclose(found[:, 0], [expected, 0.5], atol=1e-7)


def test_a_column_of_probabilities_or_of_logits_stands_alone() -> None:
    output = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)
    np.testing.assert_array_equal(
        probabilities(output, scores(holds="probability", positive=1), 2), [[0.75], [0.0]]
    )
    found = probabilities(output, scores(holds="logit", positive=0), 2)
    np.testing.assert_allclose(found, 1 / (1 + np.exp([[-0.25], [-1.0]])), atol=1e-7)


@pytest.mark.parametrize(
    ("output", "said", "fault"),
    [
        (np.zeros((2, 1)), scores(holds="logits", positive=0), "has one column"),
        (np.zeros((2, 3)), scores(holds="logit"), "has 3 columns; say which"),
        (np.zeros((2, 3)), scores(holds="logits", positive=3), "so there is no column 3"),
        (np.zeros((3, 2)), scores(holds="logits", positive=1), r"has shape \[3, 2\] for 2 images"),
        (np.zeros((0, 2)), scores(holds="logits", positive=1), r"has shape \[0, 2\]"),
        (np.full((2, 1), 1.5), scores(holds="probability"), "1.5, which is no probability"),
        (np.full((2, 1), np.nan), scores(holds="probability"), "nan, which is no number"),
        (np.full((2, 1), np.nan), scores(holds="logit"), "nan, which is no number"),
    ],
)
def test_what_cannot_be_read_is_refused(output: Array, said: Scores, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        probabilities(output, said, 2)


NUMBERS = np.array([[[2, 0, 1], [2, 2, 0]], [[1, 1, 1], [0, 0, 0]]])
STRUCTURES = np.array([[[0, 1, 2], [0, 0, 1]], [[2, 2, 2], [1, 1, 1]]])


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_numbers_of_a_mask_become_structures(dtype: type) -> None:
    said = drawn(holds="class_mask", layout="NHW")
    found = masks(NUMBERS.astype(dtype), said, "NHW", SENT, NATIVE)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, STRUCTURES)
    one = masks(NUMBERS[:1, None].astype(dtype), said, "NCHW", SENT, NATIVE[:1])
    np.testing.assert_array_equal(one, STRUCTURES[:1])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_highest_score_of_a_pixel_wins(layout: str) -> None:
    highest = np.eye(3, dtype=np.float32)[NUMBERS]
    output = highest if layout == "NHWC" else np.moveaxis(highest, -1, 1)
    said = drawn(holds="class_scores", layout=layout)
    np.testing.assert_array_equal(masks(output, said, layout, SENT, NATIVE), STRUCTURES)


@pytest.mark.parametrize(
    ("output", "holds", "fault"),
    [
        (np.full((2, 1, 2, 3), 5), "class_mask", "has the class 5, which 'classes' does not name"),
        (np.zeros((2, 2, 2, 3)), "class_scores", "has 2 classes, fewer than 'classes' names"),
        (np.zeros((2, 3, 4, 3)), "class_scores", r"has masks of \(2, 4, 3\), .* \(2, 2, 3\)"),
        (np.full((2, 3, 2, 3), np.nan), "class_scores", "scores that are no numbers"),
    ],
)
def test_masks_that_cannot_be_read_are_refused(output: Array, holds: str, fault: str) -> None:
    said = drawn(holds=holds, layout="NCHW")
    with pytest.raises(ValueError, match=fault):
        masks(output, said, "NCHW", SENT, NATIVE)


LUNG = {"background": 0, "lung": 1}
EDGE = np.array([[[0.4999, 0.5, 1.0], [0.0, 0.7, 0.2]]])
"""Probabilities of two pixels below and above the limit, and at it."""


@pytest.mark.parametrize("layout", ["NHW", "NCHW", "NHWC"])
def test_one_structure_is_where_its_probability_is_a_half(layout: str) -> None:
    native, expected = NATIVE[:1], [[[0, 1, 1], [0, 1, 0]]]
    logit = np.log(np.clip(EDGE, 1e-9, 1 - 1e-9) / (1 - np.clip(EDGE, 1e-9, 1 - 1e-9)))
    for holds, output in (("mask_probability", EDGE), ("mask_logit", logit)):
        said = drawn(holds=holds, layout=layout, classes=LUNG)
        axes = {"NHW": (), "NCHW": (1,), "NHWC": (3,)}[layout]
        with_axis = np.expand_dims(output, axes)
        np.testing.assert_array_equal(masks(with_axis, said, layout, SENT, native), expected)


def test_scores_of_one_structure_that_are_none_are_refused() -> None:
    said = drawn(holds="mask_probability", layout="NHW", classes=LUNG)
    with pytest.raises(ValueError, match="answered 1.5, which is no probability; is it a mask_log"):
        masks(EDGE * 1.5, said, "NHW", SENT, NATIVE[:1])
    with pytest.raises(ValueError, match="no numbers"):
        masks(EDGE * np.nan, said, "NHW", SENT, NATIVE[:1])


def test_classes_that_are_ignored_are_background_and_the_order_is_the_description_s() -> None:
    classes = {"lung": 4, "rib": 2, "heart": 7, "nothing": 0}
    said = drawn(holds="class_mask", layout="NHW", classes=classes, ignore=("rib",))
    assert said.class_names == ("nothing", "lung", "heart")
    output = np.array([[[4, 2, 7], [0, 0, 4]]], np.uint8)
    found = masks(output, said, "NHW", SENT, NATIVE[:1])
    np.testing.assert_array_equal(found, [[[1, 0, 2], [0, 0, 1]]])
    assert drawn(holds="class_mask", layout="NHW").class_names == ("background", "rim", "cup")
