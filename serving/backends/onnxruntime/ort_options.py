"""From a Triton model configuration to an ONNX Runtime session, with the C++ backend's own keys.

The keys and their meaning are those of Triton's `onnxruntime_backend` README, so that one
`config.pbtxt` serves both. This file is copied into Triton's backend directory and runs inside the
Python stub: it may import numpy and onnxruntime, never this project.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import onnxruntime as ort

Config = Mapping[str, Any]  # Triton's model configuration, parsed from its JSON
Provider = tuple[str, dict[str, str]]

CPU: Provider = ("CPUExecutionProvider", {})
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"

_PRECISION = {
    "FP32": {},
    "FP16": {"trt_fp16_enable": "1"},
    "BF16": {"trt_bf16_enable": "1"},
    "INT8": {"trt_int8_enable": "1"},
}
_TENSORRT_NAMES = {
    "max_workspace_size_bytes": "trt_max_workspace_size",
    "int8_calibration_table_name": "trt_int8_calibration_table_name",
    "int8_use_native_calibration_table": "trt_int8_use_native_calibration_table",
}
_GRAPH_LEVELS = {
    -1: ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    0: ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    1: ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    2: ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
_EXECUTION_MODES = {0: ort.ExecutionMode.ORT_SEQUENTIAL, 1: ort.ExecutionMode.ORT_PARALLEL}


def providers(config: Config, kind: str, device: str) -> list[Provider]:
    """Execution providers in order of preference, for an instance of `kind` ("CPU", "GPU").

    Raises:
        ValueError: the configuration names an accelerator or a parameter that does not exist.
    """
    accelerators = config.get("optimization", {}).get("execution_accelerators", {})
    for accelerator in accelerators.get("cpu_execution_accelerator", []):
        raise ValueError(f"CPU accelerator '{accelerator['name']}' is not available here")
    if kind not in ("GPU", "AUTO"):
        return [CPU]
    tensorrt: list[Provider] = []
    cuda = {"device_id": device}
    for accelerator in accelerators.get("gpu_execution_accelerator", []):
        parameters = accelerator.get("parameters", {})
        if accelerator["name"] == "tensorrt":
            options = {**tensorrt_options(parameters), "device_id": device}
            tensorrt = [(TENSORRT, options)]
        elif accelerator["name"] == "cuda":
            cuda = {**parameters, **cuda}
        else:
            raise ValueError(f"GPU accelerator '{accelerator['name']}' is not 'tensorrt' or 'cuda'")
    return [*tensorrt, (CUDA, cuda), CPU]


def tensorrt_options(parameters: Mapping[str, str]) -> dict[str, str]:
    """ONNX Runtime's TensorRT options for the accelerator's `parameters` of a configuration."""
    options: dict[str, str] = {}
    for key, value in parameters.items():
        if key == "precision_mode":
            if value not in _PRECISION:
                raise ValueError(f"precision_mode '{value}' is not one of {', '.join(_PRECISION)}")
            options |= _PRECISION[value]
        elif key.startswith("trt_") or key in _TENSORRT_NAMES:
            options[_TENSORRT_NAMES.get(key, key)] = value
        else:
            raise ValueError(f"unknown TensorRT parameter '{key}'")
    return options


def session_options(config: Config, cores: int) -> ort.SessionOptions:
    """Threads, execution mode and graph optimisation level of a session.

    Without `intra_op_thread_count` the model's CPU instances share `cores` evenly: with ONNX
    Runtime's default each of them would start a thread for every core of the machine. Idle threads
    sleep instead of spinning: client and server often share the cores, where spinning cost two
    threads a third of their throughput (two cores, both busy).

    Raises:
        ValueError: a value that is no whole number, or no execution mode.
    """
    parameters = config.get("parameters", {})
    options = ort.SessionOptions()
    for pool in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    options.intra_op_num_threads = _whole_number(
        parameters, "intra_op_thread_count"
    ) or cores_for_each_instance(config, cores)
    options.inter_op_num_threads = _whole_number(parameters, "inter_op_thread_count")
    mode = _whole_number(parameters, "execution_mode")
    if mode not in _EXECUTION_MODES:
        raise ValueError(f"execution_mode {mode} is neither 0 (sequential) nor 1 (parallel)")
    options.execution_mode = _EXECUTION_MODES[mode]
    level = int(config.get("optimization", {}).get("graph", {}).get("level", 0))
    options.graph_optimization_level = _GRAPH_LEVELS.get(level, _GRAPH_LEVELS[0])
    return options


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0))


def cores_for_each_instance(config: Config, cores: int) -> int:
    """An even share of `cores` for each CPU instance of the model, at least 1."""
    groups = config.get("instance_group", [])
    instances = sum(int(group["count"]) for group in groups if group["kind"] == "KIND_CPU")
    return max(1, cores // max(1, instances))


def open_session(path: str, config: Config, kind: str, device: str) -> ort.InferenceSession:
    """A session for the model file `path` on the device that Triton chose for the instance.

    Raises:
        ValueError: an unusable configuration, or a GPU instance whose session came up on the CPU.
    """
    wanted = providers(config, kind, device)
    options = session_options(config, usable_cores())
    if wanted[0] != CPU:
        ort.preload_dlls()  # CUDA and cuDNN from the nvidia wheels, where they are installed
    session = ort.InferenceSession(path, options, providers=wanted)
    if kind == "GPU":
        check_on_gpu(session.get_providers())
    return session


def check_on_gpu(got: Sequence[str]) -> None:
    """Raise ValueError where ONNX Runtime fell back to the CPU: the server says that a GPU answers.

    `model_instance_kind` is what clients read as the device (get_model_config).
    """
    if CUDA not in got:
        raise ValueError(
            f"this instance is on a GPU, but ONNX Runtime {ort.__version__} could not use it (its "
            "own message is in this log); install the CUDA and cuDNN that it names, or serve on "
            "the CPU: CUDA_VISIBLE_DEVICES= tritonserver ..."
        )


def _whole_number(parameters: Config, key: str) -> int:
    text = parameters.get(key, {}).get("string_value", "0")
    if not text.isdecimal():
        raise ValueError(f"parameter {key} is '{text}', not a whole number")
    return int(text)
