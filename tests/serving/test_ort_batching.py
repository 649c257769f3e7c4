"""Joining requests and cutting their answers apart are inverse to one another."""

import numpy as np
import pytest

from serving.backends.onnxruntime.ort_batching import Array, cut, join, runs


def image(batch: int, height: int, width: int = 2) -> dict[str, Array]:
    return {"image": np.full((batch, height, width), batch, np.uint8)}


def test_equal_shapes_run_together_whatever_their_batch() -> None:
    inputs = [image(1, 4), image(2, 5), image(3, 4), image(1, 5)]
    assert runs(inputs, [("p",)] * 4) == [[0, 2], [1, 3]]


def test_another_type_or_another_output_runs_apart() -> None:
    other_type: dict[str, Array] = {"image": np.zeros((1, 4, 2), np.float32)}
    inputs = [image(1, 4), other_type, image(1, 4)]
    assert runs(inputs, [("p",), ("p",), ("p", "q")]) == [[0], [1], [2]]


def test_a_lone_request_is_not_copied() -> None:
    alone = image(2, 4)
    assert join([alone])["image"] is alone["image"]


def test_cut_undoes_join() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 256, (batch, 4, 2), dtype=np.uint8) for batch in (1, 3, 2)]
    joined = join([{"image": part} for part in parts])["image"]
    assert joined.shape == (6, 4, 2)
    for part, again in zip(parts, cut(joined, [1, 3, 2], "image"), strict=True):
        np.testing.assert_array_equal(part, again)


def test_an_output_without_the_batch_axis_is_refused() -> None:
    with pytest.raises(ValueError, match=r"output 'mean' has shape \(1,\) for a batch of 3"):
        cut(np.zeros(1), [1, 2], "mean")
    with pytest.raises(ValueError, match=r"shape \(\)"):
        cut(np.array(1.0), [1], "mean")
