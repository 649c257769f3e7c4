"""Shapes of tensors beside the image, with and without an axis of batches, by what is sent."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audit.audited_split import check_described
from audit.client.foreign import Foreign, resolved
from fairness.datasets.table import TableSplit
from fairness.datasets.table_columns import TableColumns
from fairness.datasets.table_inputs import ColumnInput, tensor_of
from fairness.errors import DataError, UsageError
from fairness.foreign.model_yaml import read_model_yaml

BASE = """task: classification
target: t
threshold: 0.5
input: {name: x, layout: %s, size: [4, 4], resize: squash, filter: box, normalise: unit}
output: {name: y, holds: logit}
inputs:
"""


def described(
    folder: Path, layout: str, lines: str, inputs: dict[str, tuple[str, list[int]]]
) -> Foreign:
    """The description against a server that says it takes the image and these inputs."""
    (folder / "model.yaml").write_text(BASE % layout + lines)
    image = {"NCHW": [-1, 1, 4, 4], "CHW": [1, 4, 4]}[layout]
    taken = {"x": ("FP32", image), **inputs}
    metadata = SimpleNamespace(
        inputs=[SimpleNamespace(name=n, datatype=d, shape=s) for n, (d, s) in taken.items()],
        outputs=[SimpleNamespace(name="y", datatype="FP32", shape=[-1, 1])],
    )
    return resolved(read_model_yaml(folder / "model.yaml"), metadata, "m")


@pytest.mark.parametrize(
    ("layout", "line", "dims", "sent"),
    [
        ("NCHW", "{constant: 7}", [-1, 1], [[7], [7]]),
        ("NCHW", "{constant: 7}", [-1], [7, 7]),
        ("NCHW", "{constant: 7}", [1], [7, 7]),
        ("NCHW", "{constant: 7, shape: []}", [], 7),
        ("NCHW", "{constant: 7}", [-1, 3], [[7, 7, 7]] * 2),
        ("NCHW", "{constant: [1, 2]}", [-1, -1], [[1, 2], [1, 2]]),
        ("NCHW", "{constant: [1, 2]}", [2], [1, 2]),
        ("NCHW", "{constant: [1, 2, 3, 4], shape: [2, 2]}", [-1, -1, 2], [[[1, 2], [3, 4]]] * 2),
        ("CHW", "{constant: [1, 2]}", [2], [1, 2]),
        ("CHW", "{constant: 7}", [], 7),
    ],
)
def test_a_constant_fills_what_the_server_takes(
    tmp_path: Path, layout: str, line: str, dims: list[int], sent: Any
) -> None:
    found = described(tmp_path, layout, f"  a: {line}", {"a": ("INT64", dims)})
    tensor = found.further[0].of(2, {})
    assert tensor.dtype == np.int64
    np.testing.assert_array_equal(tensor, np.array(sent))
    assert tensor.shape == np.shape(sent)
    assert tensor.flags.c_contiguous


@pytest.mark.parametrize(
    ("layout", "dims", "shape"), [("NCHW", [-1, 3], (2, 3)), ("CHW", [3], (3,))]
)
def test_a_column_has_the_axis_of_batches_that_images_have(
    tmp_path: Path, layout: str, dims: list[int], shape: tuple[int, ...]
) -> None:
    found = described(tmp_path, layout, "  a: {column: c}", {"a": ("FP16", dims)})
    (one,) = found.further
    assert one.column is not None
    assert one.column.shape == (3,)
    own = {"a": np.arange(6, dtype=np.float16).reshape(2, 3)}
    assert one.of(2, own).shape == shape
    with pytest.raises(DataError, match="'a' is made of a column, and these images have none"):
        one.of(2, {})
    with pytest.raises(
        UsageError, match=r"line 7, inputs\.a\.column: the layout 'None' has no col"
    ):
        check_described(found)


@pytest.mark.parametrize(
    ("line", "kind", "dims", "message"),
    [
        ("{column: c}", "BYTES", [-1, 1], "inputs.a.dtype: the server takes BYTES"),
        ("{column: c}", "FP32", [-1, -1], r"shape: the server says \[-1, -1\], the description no"),
        ("{column: c}", "FP32", [8, 1], r"shape: the server says \[8, 1\]"),
        ("{column: c, shape: [4, 1]}", "FP32", [-1, 4], r"the description \[4, 1\]"),
        ("{column: c}", "FP32", [-1, 5000], "up to 4096 numbers"),
        ("{constant: [1, 2, 3]}", "FP32", [-1, -1, 2], "of 3 numbers"),
        ("{constant: 300}", "UINT8", [-1, 1], "constant: holds 300, which uint8 does not hold"),
    ],
)
def test_what_does_not_fit_the_server_names_the_line(
    tmp_path: Path, line: str, kind: str, dims: list[int], message: str
) -> None:
    with pytest.raises(UsageError, match=f"model.yaml line 7, .*{message}"):
        described(tmp_path, "NCHW", f"  a: {line}", {"a": (kind, dims)})


def test_memory_counts_what_is_read_and_what_goes_beside(tmp_path: Path) -> None:
    lines, inputs = "  a: {column: c}", {"a": ("FP32", [-1, 3])}
    found = described(tmp_path, "NCHW", lines, inputs)
    assert found.input_bytes((40, 50)) == 4 * 4 * 4 + 8 * 3
    text = BASE.replace("normalise: unit", "normalise: unit, window: file")
    (tmp_path / "model.yaml").write_text(text % "NCHW" + lines)
    exact = replace(found, said=read_model_yaml(tmp_path / "model.yaml"))
    assert exact.input_bytes((40, 50)) == 4 * 40 * 50


def test_probes_and_columns_contradict_one_another(tmp_path: Path) -> None:
    probes = "{seed: 1, shapes: [[4, 4]], expected: [[0.5]], tolerance: 0.1}"
    lines = f"  a: {{column: c}}\norigin: {{probes: {probes}}}"
    with pytest.raises(UsageError, match=r"line 7, inputs\.a: is made of a column, and probes"):
        described(tmp_path, "NCHW", lines, {"a": ("FP32", [-1, 1])})


@pytest.mark.parametrize(("text", "value"), [("-1", -1.5), ("-9", -5.5), ("1e1", 4.0)])
def test_codes_of_the_unknown_are_numbers_in_a_column_of_numbers(text: str, value: float) -> None:
    said = ColumnInput("md", "line", np.dtype(np.float32), (1,), subtract=2, divide_by=2, unknown=9)
    assert tensor_of(said, text, Path()).tolist() == [value]
    assert tensor_of(said, "nan", Path()).tolist() == [9]


def test_a_changed_number_is_another_split(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 4), np.uint8))
    said = ColumnInput("age", "line", np.dtype(np.float32), (1,))

    def opened(age: int) -> TableSplit:
        (tmp_path / "t.csv").write_text(
            f"id,file,target,sex,age\na,a.npy,1,F,{age}\nb,a.npy,0,M,7\n"
        )
        columns = TableColumns(attributes=("sex",))
        return TableSplit(tmp_path / "t.csv", "test", columns, inputs={"a": said})

    assert opened(60).read(0).inputs["a"].tolist() == [60]
    assert opened(60).fingerprint() != opened(61).fingerprint()
