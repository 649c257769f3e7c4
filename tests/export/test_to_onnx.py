"""Which models pass for servable everywhere, and what is removed from them."""

import onnx
import pytest
from onnx import TensorProto, helper

from export.to_onnx import IR_VERSION, OPSET, drop_output, require_loadable, strip
from fairness.errors import DataError


def small_model(
    opset: int = OPSET, ir_version: int = IR_VERSION, domain: str = "", operator: str = "Abs"
) -> onnx.ModelProto:
    """x -> |x| -> -|x|, both answered."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in ("y", "z")]
    nodes = [
        helper.make_node(operator, ["x"], ["y"], domain=domain),
        helper.make_node("Neg", ["y"], ["z"]),
    ]
    opsets = [helper.make_opsetid("", opset)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    graph = helper.make_graph(nodes, "graph", [x], outputs)
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def test_a_model_that_servers_load_passes() -> None:
    require_loadable(small_model())
    require_loadable(small_model(opset=17, ir_version=8))


@pytest.mark.parametrize(
    "model",
    [small_model(opset=19), small_model(ir_version=10), small_model(domain="com.microsoft")],
    ids=["operators too new", "format too new", "operators outside the standard"],
)
def test_what_older_servers_refuse_is_refused(model: onnx.ModelProto) -> None:
    with pytest.raises(DataError, match="servers load the standard operators up to 18 and IR"):
        require_loadable(model)


def test_an_invalid_graph_is_refused_in_one_line() -> None:
    with pytest.raises(DataError, match="not valid ONNX") as caught:
        require_loadable(small_model(operator="NoSuchOperator"))
    assert "\n" not in str(caught.value)


def test_strip_leaves_no_trace_of_the_machine() -> None:
    model = small_model()
    secret = "/home/someone/project/model.py, line 7"
    for part in (model, model.graph, model.graph.node[0], model.graph.input[0]):
        part.doc_string = secret
        entry = part.metadata_props.add()
        entry.key, entry.value = "pkg.torch.onnx.stack_trace", secret
    model.graph.value_info.add().CopyFrom(model.graph.output[0])
    strip(model)
    assert b"someone" not in model.SerializeToString()
    assert model == small_model()


def test_drop_output_keeps_the_others() -> None:
    model = small_model()
    drop_output(model, "y")
    assert [output.name for output in model.graph.output] == ["z"]
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.node) == 2
