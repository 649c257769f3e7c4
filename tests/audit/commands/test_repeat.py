"""`fair-audit repeat` on the real server: a sound model, and one that mixes the rows of a batch."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from served import SPEC, write_model
from tritonclient.grpc import InferenceServerClient

from audit.cli import run
from audit.plan import Plan
from audit.repeat import differences, gap
from fairness.attributes import Attribute
from fairness.groups import plain
from fairness.tasks.masks import MaskTask

pytest_plugins = ["audit_fixtures"]


def mixing() -> bytes:
    """(B, H, W) uint8 > (B, 1): half its own mean, half that of the whole batch."""
    nodes = [
        helper.make_node("Cast", ["image"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide", "pixels"], ["own"], keepdims=0),
        helper.make_node("ReduceMean", ["own", "rows"], ["shared"], keepdims=1),
        helper.make_node("Add", ["own", "shared"], ["both"]),
        helper.make_node("Div", ["both", "most"], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "last"], ["probability"]),
    ]
    constants = {
        "pixels": np.array([1, 2]),
        "rows": np.array([0]),
        "last": np.array([1]),
        "most": np.array(510.0, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "mixing",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["B", "H", "W"])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["B", 1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def repeat(endpoint: str, model: str, root: Path, out: Path, *flags: str) -> int:
    words = ["repeat", "--endpoint", endpoint, "--model", model, "--data", str(root)]
    return run([*words, "--out", str(out), "-n", "48", *flags])


def found(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(out.read_text())
    return document


def test_a_sound_model_answers_alike_in_every_way(
    endpoint: str, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "repeat.json"
    assert repeat(endpoint, "sound", split_root, out) == 0
    document = found(out)
    assert document["verdict"] == "PASS"
    ways = {one["way"] for one in document["differences"]}
    assert ways == {"full batches", "shuffled batches", "16 shuffled batches at once"}
    assert max(one["largest"] for one in document["differences"]) < 1e-5
    assert {one["n"] for one in document["differences"] if one["attribute"] == "overall"} == {48}
    assert "the answers are repeatable" in capsys.readouterr().out


def test_a_model_that_mixes_a_batch_fails_and_every_group_says_how_far(
    endpoint: str, repository: Path, split_root: Path, tmp_path: Path
) -> None:
    write_model(repository, "mixing", SPEC, mixing())
    with InferenceServerClient(endpoint) as client:
        client.load_model("mixing")
    out = tmp_path / "repeat.json"
    assert repeat(endpoint, "mixing", split_root, out) == 1
    document = found(out)
    overall = [one for one in document["differences"] if one["attribute"] == "overall"]
    assert len(overall) == 3
    assert min(one["largest"] for one in overall) > 1e-3
    groups = [one for one in document["differences"] if one["attribute"] == "gender"]
    assert {one["group"] for one in groups} == {"Female", "Male"}
    for one in groups:
        (whole,) = [o for o in overall if o["way"] == one["way"]]
        assert one["largest"] <= whole["largest"]
    assert repeat(endpoint, "mixing", split_root, out, "--tolerance", "1") == 0


def test_groups_that_are_hidden_or_withheld_are_not_told() -> None:
    attribute = Attribute("race", ("A", "B", "C"))
    codes = np.array([0, 0, 1, 1, 2, 2])
    grouping = replace(plain(attribute, codes), hidden=frozenset({"A"}), withheld=frozenset({"B"}))
    plan = cast(Plan, SimpleNamespace(task=MaskTask()))
    scores = ({"d": np.zeros(6)}, {"d": np.arange(6) / 10})
    told = differences(plan, "w", *scores, [grouping])
    assert [(one.group, one.n, one.largest) for one in told] == [("all", 6, 0.5), ("C", 2, 0.5)]
    (few,) = differences(plan, "w", *scores, [], few=True)
    assert (few.group, few.n, few.flips, few.largest) == ("all", None, None, 0.5)


def test_undefined_in_one_way_only_is_no_small_difference() -> None:
    nan = np.nan
    assert gap(np.array([1.0, nan, nan]), np.array([0.5, nan, 2.0])).tolist() == [0.5, 0.0, 1.0]


@pytest.mark.parametrize("flags", [["-n", "1"], ["--tolerance", "nan"]])
def test_impossible_numbers_are_refused(
    flags: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["repeat", "--model", "m", *flags]) == 2
    assert "-n must be at least 2" in capsys.readouterr().err


def test_the_model_is_valid() -> None:
    onnx.checker.check_model(onnx.load_from_string(mixing()), full_check=True)
