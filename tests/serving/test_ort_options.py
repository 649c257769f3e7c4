"""Configuration to session: the oracle is the key table of Triton's onnxruntime_backend README."""

import os
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from serving.backends.onnxruntime import ort_options


def on_gpu(name: str, parameters: dict[str, str]) -> dict[str, Any]:
    accelerator = {"name": name, "parameters": parameters}
    return {
        "optimization": {"execution_accelerators": {"gpu_execution_accelerator": [accelerator]}}
    }


def with_parameters(**values: str) -> dict[str, Any]:
    return {"parameters": {key: {"string_value": value} for key, value in values.items()}}


@pytest.fixture
def model(tmp_path: Path) -> str:
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 1])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 1])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "g", [image], [answer])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "m.onnx")
    return str(tmp_path / "m.onnx")


def test_a_cpu_instance_never_asks_for_the_gpu() -> None:
    config = on_gpu("tensorrt", {"precision_mode": "FP16"})
    assert ort_options.providers(config, "CPU", "0") == [("CPUExecutionProvider", {})]
    assert ort_options.providers(config, "MODEL", "0") == [("CPUExecutionProvider", {})]


def test_a_gpu_instance_runs_on_its_own_device() -> None:
    assert ort_options.providers({}, "GPU", "3") == [
        ("CUDAExecutionProvider", {"device_id": "3"}),
        ("CPUExecutionProvider", {}),
    ]


def test_cuda_parameters_are_handed_on() -> None:
    config = on_gpu("cuda", {"use_ep_level_unified_stream": "1"})
    assert ort_options.providers(config, "GPU", "1")[0] == (
        "CUDAExecutionProvider",
        {"use_ep_level_unified_stream": "1", "device_id": "1"},
    )


def test_tensorrt_comes_before_cuda_and_takes_the_names_of_onnx_runtime() -> None:
    config = on_gpu(
        "tensorrt",
        {
            "precision_mode": "FP16",
            "max_workspace_size_bytes": "1073741824",
            "int8_calibration_table_name": "table",
            "int8_use_native_calibration_table": "1",
            "trt_engine_cache_enable": "true",
            "trt_layer_norm_fp32_fallback": "1",
        },
    )
    tensorrt, cuda, cpu = ort_options.providers(config, "GPU", "0")
    assert tensorrt == (
        "TensorrtExecutionProvider",
        {
            "trt_fp16_enable": "1",
            "trt_max_workspace_size": "1073741824",
            "trt_int8_calibration_table_name": "table",
            "trt_int8_use_native_calibration_table": "1",
            "trt_engine_cache_enable": "true",
            "trt_layer_norm_fp32_fallback": "1",
            "device_id": "0",
        },
    )
    assert (cuda[0], cpu[0]) == ("CUDAExecutionProvider", "CPUExecutionProvider")


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("FP32", {}),
        ("FP16", {"trt_fp16_enable": "1"}),
        ("BF16", {"trt_bf16_enable": "1"}),
        ("INT8", {"trt_int8_enable": "1"}),
    ],
)
def test_precision_modes(mode: str, options: dict[str, str]) -> None:
    assert ort_options.tensorrt_options({"precision_mode": mode}) == options


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (on_gpu("tensorrt", {"precision_mode": "FP8"}), "precision_mode 'FP8'"),
        (on_gpu("tensorrt", {"workspace": "1"}), "unknown TensorRT parameter 'workspace'"),
        (on_gpu("tpu", {}), "'tpu' is not 'tensorrt' or 'cuda'"),
        (
            {
                "optimization": {
                    "execution_accelerators": {"cpu_execution_accelerator": [{"name": "openvino"}]}
                }
            },
            "CPU accelerator 'openvino' is not available",
        ),
    ],
)
def test_unknown_accelerators_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ort_options.providers(config, "GPU", "0")


def test_explicit_keys_reach_the_session() -> None:
    config = with_parameters(
        intra_op_thread_count="3", inter_op_thread_count="2", execution_mode="1"
    )
    options = ort_options.session_options(config, cores=16)
    assert options.intra_op_num_threads == 3
    assert options.inter_op_num_threads == 2
    assert options.execution_mode == ort.ExecutionMode.ORT_PARALLEL


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (-1, ort.GraphOptimizationLevel.ORT_ENABLE_BASIC),
        (0, ort.GraphOptimizationLevel.ORT_ENABLE_ALL),
        (1, ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED),
        (2, ort.GraphOptimizationLevel.ORT_DISABLE_ALL),
    ],
)
def test_graph_levels(level: int, expected: ort.GraphOptimizationLevel) -> None:
    options = ort_options.session_options({"optimization": {"graph": {"level": level}}}, 1)
    assert options.graph_optimization_level == expected


@pytest.mark.parametrize(
    ("groups", "cores", "threads"),
    [
        ([{"kind": "KIND_CPU", "count": 1}], 8, 8),
        ([{"kind": "KIND_CPU", "count": 2}], 8, 4),
        ([{"kind": "KIND_CPU", "count": 4}], 2, 1),
        ([{"kind": "KIND_GPU", "count": 2}], 8, 8),
        ([], 8, 8),
    ],
)
def test_instances_share_the_cores(groups: list[object], cores: int, threads: int) -> None:
    options = ort_options.session_options({"instance_group": groups}, cores)
    assert options.intra_op_num_threads == threads


def test_the_cores_are_those_this_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert ort_options.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"intra_op_thread_count": "many"}, "intra_op_thread_count is 'many'"),
        ({"execution_mode": "2"}, "execution_mode 2"),
    ],
)
def test_unusable_values_are_refused(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ort_options.session_options(with_parameters(**parameters), 1)


def test_a_session_on_the_cpu_has_the_options_of_the_configuration(model: str) -> None:
    session = ort_options.open_session(
        model, with_parameters(intra_op_thread_count="2"), "CPU", "0"
    )
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_session_options().intra_op_num_threads == 2


def test_a_gpu_that_is_not_used_is_an_error_with_its_remedy() -> None:
    with pytest.raises(ValueError, match="CUDA_VISIBLE_DEVICES= tritonserver"):
        ort_options.check_on_gpu(["CPUExecutionProvider"])
    ort_options.check_on_gpu(["CUDAExecutionProvider", "CPUExecutionProvider"])
