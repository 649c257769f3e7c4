"""Variants of one checkpoint in fewer bits: what stays in float32, and how far they may be off."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from export.__main__ import run
from export.parity import open_session
from export.precision import converted, in_order, preparing
from export.servable import IMAGE
from export.tolerance import TOLERANCES, Precision
from fairness.arrays import Array
from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.errors import DataError

if TYPE_CHECKING:
    from exported_model import Exported

pytest_plugins = ["exported_model"]
pytestmark = pytest.mark.further

VARIANTS: tuple[Precision, ...] = ("fp16", "int8-dynamic")
NAMES = {"fp16": "fairclip_fp16", "int8-dynamic": "fairclip_int8"}


@pytest.fixture(scope="module")
def repository(exported: "Exported", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both variants, under the names that they get by themselves."""
    repository = tmp_path_factory.mktemp("variants")
    for precision in VARIANTS:
        flags = ["--repository", str(repository), "--precision", precision]
        assert run([str(exported.run), *flags]) == 0
    return repository


@pytest.fixture(scope="module")
def variants(repository: Path) -> dict[Precision, onnx.ModelProto]:
    return {p: onnx.load(repository / NAMES[p] / "1" / "model.onnx") for p in VARIANTS}


def answers(model: onnx.ModelProto, images: Array) -> Array:
    found: Array = open_session(model.SerializeToString()).run(["probability"], {IMAGE: images})[0]
    return found


@pytest.mark.parametrize("precision", VARIANTS)
def test_a_variant_is_near_torch_but_not_equal(
    exported: "Exported", variants: dict[Precision, onnx.ModelProto], precision: Precision
) -> None:
    inputs = exported.servable.trial(np.random.default_rng(3), (12, 96, 80))
    reference, *_ = exported.servable.run(inputs)
    found = answers(variants[precision], inputs[IMAGE])
    difference = float(np.abs(found - reference).max())
    assert 1e-6 < difference < TOLERANCES[precision].relative * np.ptp(reference) * 2


def test_the_preparation_of_images_stays_in_float32(
    exported: "Exported", variants: dict[Precision, onnx.ModelProto]
) -> None:
    before = preparing(onnx.load(exported.onnx_file))
    assert len(before) > 50
    nodes = {node.name: node for node in variants["fp16"].graph.node}
    weights = {x.name: x.data_type for x in variants["fp16"].graph.initializer}
    halves = {name for name, kind in weights.items() if kind == onnx.TensorProto.FLOAT16}
    assert halves
    assert not [n for n in before if halves & set(nodes[n].input)]


def test_int8_multiplies_matrices_and_leaves_the_convolution_alone(
    variants: dict[Precision, onnx.ModelProto],
) -> None:
    kinds = [node.op_type for node in variants["int8-dynamic"].graph.node]
    assert "MatMulInteger" in kinds
    assert "Conv" in kinds
    assert "ConvInteger" not in kinds


@pytest.mark.parametrize("precision", VARIANTS)
def test_the_self_description_states_the_precision_and_probes_of_its_own(
    exported: "Exported", repository: Path, precision: Precision
) -> None:
    text = (repository / NAMES[precision] / "config.pbtxt").read_text()
    config = text_format.Parse(text, triton.ModelConfig())
    spec = ModelSpec.from_json(config.parameters[PARAMETER_KEY].string_value, "variant")
    assert spec.precision == precision
    assert spec.probes is not None
    width = np.ptp(spec.probes.expected)
    allowed = TOLERANCES[precision]
    assert spec.probes.tolerance == pytest.approx(max(allowed.probes * width, allowed.least))
    assert spec.checkpoint_sha256 == exported.spec().checkpoint_sha256
    assert spec.model_sha256 != exported.spec().model_sha256


def test_fp32_is_left_as_it_is(exported: "Exported") -> None:
    model = onnx.load(exported.onnx_file)
    assert converted(model, "fp32") is model


def test_nodes_in_any_order_are_sorted_and_a_circle_is_refused(exported: "Exported") -> None:
    model = onnx.load(exported.onnx_file)
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    in_order(model.graph)
    onnx.checker.check_model(model, full_check=True)
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]
    with pytest.raises(DataError, match="takes what no node gives"):
        in_order(model.graph)


def test_a_model_without_convolution_has_no_float16(exported: "Exported") -> None:
    model = onnx.load(exported.onnx_file)
    kept = [node for node in model.graph.node if node.op_type != "Conv"]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    with pytest.raises(DataError, match="no convolution"):
        converted(model, "fp16")
