"""What this backend is, told to a client that asks: Triton's own interface has no place for it.

A request with the parameter `fair_audit_about` is answered with text in the place of its output:
JSON of the version of ONNX Runtime, the execution providers of the session, and its threads.
"""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

PARAMETER = "fair_audit_about"

_PRECISIONS = {"trt_fp16_enable": "fp16", "trt_bf16_enable": "bf16", "trt_int8_enable": "int8"}


def is_asked(parameters: str) -> bool:
    """Whether the parameters of a request, as JSON, ask for this."""
    return PARAMETER in parameters and PARAMETER in json.loads(parameters)


def about(session: ort.InferenceSession, device: str) -> dict[str, object]:
    """What a session runs on; `device` is the id that Triton chose for its instance."""
    options, providers = session.get_session_options(), session.get_providers()
    tensorrt = session.get_provider_options().get("TensorrtExecutionProvider", {})
    lower = [name for key, name in _PRECISIONS.items() if tensorrt.get(key) in ("1", "True")]
    return {
        "engine": f"ONNX Runtime {ort.__version__}",
        "providers": ", ".join(providers),
        "device": "CPU" if providers == ["CPUExecutionProvider"] else f"GPU {device}",
        "intra_op_threads": options.intra_op_num_threads,
        "inter_op_threads": options.inter_op_num_threads,
        **({"precision": "+".join(lower)} if lower else {}),
    }


def as_tensor(told: dict[str, object]) -> npt.NDArray[Any]:
    """The answer: one text."""
    return np.array([json.dumps(told).encode()], dtype=np.object_)


def as_text(told: dict[str, object], session: ort.InferenceSession) -> str:
    """The same for the server's log, with how the graph is run."""
    options = session.get_session_options()
    return (
        f"{told['engine']}, {told['providers']}, "
        f"{told['intra_op_threads']} intra-op threads, "
        f"{told['inter_op_threads']} inter-op threads, "
        f"{options.execution_mode.name}, {options.graph_optimization_level.name}"
    )
