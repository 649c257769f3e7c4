"""A model that takes its time, so that a kill finds it at work; run by Triton's Python backend."""

from pathlib import Path

from google.protobuf import text_format
from served import mean_grey, write_model
from tritonclient.grpc import model_config_pb2 as triton

from fairness.contract import ModelSpec

CODE = """
import time
import numpy as np
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            time.sleep({seconds})
            images = pb.get_input_tensor_by_name(request, "image").as_numpy()
            means = images.mean(axis=(1, 2), dtype=np.float64)[:, None] / 255
            tensor = pb.Tensor("probability", means.astype(np.float32))
            answers.append(pb.InferenceResponse([tensor]))
        return answers
"""


def write_slow_model(repository: Path, name: str, spec: ModelSpec, seconds: float) -> None:
    """The mean grey level, after so many seconds a batch."""
    write_model(repository, name, spec, mean_grey())
    folder = repository / name
    (folder / "1" / "model.onnx").unlink()
    (folder / "1" / "model.py").write_text(CODE.format(seconds=seconds))
    path = folder / "config.pbtxt"
    config = text_format.Parse(path.read_text(), triton.ModelConfig())
    config.backend, config.platform, config.default_model_filename = "python", "", ""
    path.write_text(text_format.MessageToString(config))
