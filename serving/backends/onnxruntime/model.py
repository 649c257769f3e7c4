"""Triton's `onnxruntime` backend in Python, for servers without NVIDIA's C++ one.

Triton runs it in a stub process for each model instance (its "Python-based backends"). It takes the
same repository and the same `config.pbtxt`; docs/serving.md lists the keys that it honours.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

# Triton's stub finds these beside this file, mypy does not.
from ort_about import about, as_tensor, as_text, is_asked  # type: ignore[import-not-found]
from ort_batching import Array, Arrays, cut, join, runs  # type: ignore[import-not-found]
from ort_options import open_session  # type: ignore[import-not-found]
from ort_signature import check, complete  # type: ignore[import-not-found]

Request = Any  # objects of Triton's stub, which has no types
Response = Any

# What ONNX Runtime raises, and we do; its exceptions have no base class of their own.
_ERRORS = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
    ValueError,
)


class TritonPythonModel:
    """One instance of a served ONNX model, with the methods that Triton's stub calls."""

    @staticmethod
    def auto_complete_config(config: Any) -> Any:
        """Fill in what `config.pbtxt` leaves out, from the ONNX file."""
        described = config.as_dict()
        if not (described["input"] and described["output"]):
            path = _model_file(described)
            try:
                session = open_session(path, described, "CPU", "0")
                complete(config, session.get_inputs(), session.get_outputs())
            except _ERRORS as error:
                raise pb.TritonModelException(f"{path}: {error}") from None
        return config

    def initialize(self, args: Mapping[str, str]) -> None:
        """Open the session on the device that Triton chose, and log what it got."""
        if int(np.__version__.split(".")[0]) >= 2:
            raise pb.TritonModelException(
                f"numpy {np.__version__}: Triton 2.51 answers empty arrays with numpy >= 2; "
                "run: pip install 'numpy<2'"
            )
        config = json.loads(args["model_config"])
        kind, device = args["model_instance_kind"], args["model_instance_device_id"]
        path = _model_file(config)
        try:
            self.session = open_session(path, config, kind, device)
            check(config, "input", self.session.get_inputs())
            check(config, "output", self.session.get_outputs())
        except _ERRORS as error:
            raise pb.TritonModelException(f"{path}: {error}") from None
        self.batched = config["max_batch_size"] > 0
        self.told = about(self.session, device)
        pb.Logger.log_info(f"{args['model_instance_name']}: {as_text(self.told, self.session)}")

    def execute(self, requests: Sequence[Request]) -> list[Response]:
        """Answer each of `requests`, in order; equal shapes run as one batch."""
        if any(is_asked(request.parameters()) for request in requests):
            return [response for request in requests for response in self._answer_one(request)]
        return self._answer(requests)

    def _answer_one(self, request: Request) -> list[Response]:
        if not is_asked(request.parameters()):
            return self._answer([request])
        name = min(request.requested_output_names())
        return [pb.InferenceResponse([pb.Tensor(name, as_tensor(self.told))])]

    def _answer(self, requests: Sequence[Request]) -> list[Response]:
        inputs = [{tensor.name(): tensor.as_numpy() for tensor in r.inputs()} for r in requests]
        outputs = [tuple(sorted(request.requested_output_names())) for request in requests]
        groups = runs(inputs, outputs) if self.batched else [[i] for i in range(len(requests))]
        responses: list[Response] = [None] * len(requests)
        for group in groups:
            answers = self._respond([inputs[i] for i in group], outputs[group[0]])
            for index, answer in zip(group, answers, strict=True):
                responses[index] = answer
        return responses

    def _respond(self, inputs: Sequence[Arrays], names: tuple[str, ...]) -> list[Response]:
        try:
            return [_response(answer) for answer in self._run(inputs, names)]
        except _ERRORS as error:
            if len(inputs) == 1:
                return [pb.InferenceResponse(error=pb.TritonError(str(error)))]
        # One of several failed; alone, only the one at fault does.
        return [response for one in inputs for response in self._respond([one], names)]

    def _run(self, inputs: Sequence[Arrays], names: tuple[str, ...]) -> list[dict[str, Array]]:
        outputs = self.session.run(names, join(inputs))
        if not self.batched:
            return [dict(zip(names, outputs, strict=True))]
        sizes = [len(next(iter(arrays.values()))) for arrays in inputs]
        parts = {
            name: cut(output, sizes, name) for name, output in zip(names, outputs, strict=True)
        }
        return [{name: parts[name][i] for name in names} for i in range(len(inputs))]


def _model_file(config: Mapping[str, Any]) -> str:
    path = Path(pb.get_model_dir()) / config["default_model_filename"]
    return str(path / "model.onnx" if path.is_dir() else path)


def _response(outputs: Arrays) -> Response:
    return pb.InferenceResponse([pb.Tensor(name, array) for name, array in outputs.items()])
