"""Run by the environment of KServe: serves `NAME=FILE.onnx`, on loopback.

`python kserve_runtime.py HTTP_PORT GRPC_PORT NAME=FILE.onnx ...`
"""

import sys
from typing import Any

import grpc.aio
import kserve
import numpy as np
import onnxruntime
import uvicorn

HOST = "127.0.0.1"
TYPES = {"tensor(float)": "FP32", "tensor(uint8)": "UINT8", "tensor(float16)": "FP16"}


def said(tensors: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": tensor.name,
            "datatype": TYPES[tensor.type],
            "shape": [length if isinstance(length, int) else -1 for length in tensor.shape],
        }
        for tensor in tensors
    ]


class OnnxModel(kserve.Model):  # type: ignore[misc]  # not installed beside fair-audit
    """One tensor in, one tensor out."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.ready = True

    def get_input_types(self) -> list[dict[str, Any]]:
        return said(self.session.get_inputs())

    def get_output_types(self) -> list[dict[str, Any]]:
        return said(self.session.get_outputs())

    async def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        (given,) = payload.inputs
        tensor = np.ascontiguousarray(given.as_numpy())
        (answer,) = self.session.run(None, {given.name: tensor})
        (said_of_it,) = self.get_output_types()
        output = kserve.InferOutput(said_of_it["name"], list(answer.shape), said_of_it["datatype"])
        output.set_data_from_numpy(answer, binary_data=bool(given._raw_data))
        return kserve.InferResponse(
            response_id=payload.id or "0", model_name=self.name, infer_outputs=[output]
        )


def on_loopback() -> None:
    """KServe has no setting for the address that it listens on."""
    listen, config = grpc.aio.Server.add_insecure_port, uvicorn.Config.__init__

    def add_insecure_port(self: Any, address: str) -> int:
        return int(listen(self, address.replace("[::]", HOST)))

    def make(self: Any, *arguments: Any, **options: Any) -> None:
        config(self, *arguments, **{**options, "host": HOST})

    grpc.aio.Server.add_insecure_port = add_insecure_port
    uvicorn.Config.__init__ = make  # type: ignore[method-assign]  # there is no other way in


if __name__ == "__main__":
    http, rpc, *models = sys.argv[1:]
    on_loopback()
    server = kserve.ModelServer(http_port=int(http), grpc_port=int(rpc), workers=1)
    server.start([OnnxModel(*model.split("=", 1)) for model in models])
