"""What runs a model, by the server's word: two backends never look the same; without a server."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from fake_transport import FakeTransport
from google.protobuf import text_format
from served import SPEC
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.grpc.service_pb2 import ModelMetadataResponse

from audit.client.answering import NOT_STATED, Answering, answering
from audit.client.endpoint import ServedModel
from audit.client.engine import ABOUT, with_engine
from audit.client.transport import Request, Server
from audit.client.wire import Output
from fairness.errors import ServerError

MODEL = ServedModel("m", "1", SPEC, batch_size=4, device="CPU", server="fake 1")
OURS = 'backend: "onnxruntime" runtime: "model.py"'
COMPILED = 'backend: "onnxruntime" runtime: "libtriton_onnxruntime.so"'
SAID = b'{"engine": "ONNX Runtime 9.9", "providers": "P", "intra_op_threads": 3, ' + (
    b'"inter_op_threads": 0, "precision": "fp16"}'
)


@dataclass
class Says:
    """Answers a question with some bytes, as a text or as whatever it is."""

    raw: bytes
    datatype: str = "BYTES"
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> list[Output]:
        self.asked.append(request)
        return [Output(request.output, self.datatype, (1,), b"\0\0\0\0" + self.raw)]


def metadata(*inputs: tuple[str, list[int]]) -> Any:
    found = ModelMetadataResponse(name="m")
    for datatype, shape in inputs or (("UINT8", [-1, -1, 3]),):
        found.inputs.add(name=f"in{len(found.inputs)}", datatype=datatype, shape=shape)
    found.outputs.add(name="probability", datatype="FP32", shape=[-1, 1])
    return found


@dataclass
class Serving(FakeTransport):
    """A server that says what tensors the model has."""

    said: Any = None

    def metadata(self, model: str, version: str) -> Any:
        return self.said or metadata()


def of(config: str | None, says: Says | None = None, said: Any = None) -> Answering:
    read = None if config is None else text_format.Parse(config, ModelConfig())
    return with_engine(
        cast("Server", Serving(at_once=says or Says(SAID), said=said)),
        replace(MODEL, answering=answering(read)),
    ).answering


def test_backends_that_differ_in_anything_are_told_apart() -> None:
    configs = (OURS, COMPILED, 'backend: "python" runtime: "model.py"', 'platform: "onnx"')
    names = [of(config).name for config in (*configs, None)]
    assert names == [
        "onnxruntime, model.py, ONNX Runtime 9.9",
        "onnxruntime, libtriton_onnxruntime.so",
        "python, model.py",
        "onnx",
        "a backend that it does not state",
    ]


def test_our_own_backend_is_asked_with_a_parameter_and_an_image_of_zeros() -> None:
    says = Says(SAID)
    found = of(OURS, says, metadata(("UINT8", [-1, -1, 3]), ("INT64", [-1, 1])))
    (request,) = says.asked
    assert request.parameters == {ABOUT: "1"}
    assert {name: array.shape for name, array in request.inputs.items()} == {
        "in0": (1, 1, 3),
        "in1": (1, 1),
    }
    assert (found.providers, found.precision) == ("P", "fp16")
    assert found.threads == "3 within, 0 across operators"


def test_a_compiled_backend_is_not_asked() -> None:
    says = Says(SAID)
    assert of(COMPILED, says).engine == NOT_STATED
    assert says.asked == []


@pytest.mark.parametrize("inputs", [("BYTES", [-1]), ("UINT8", [2**20, 2**20])])
def test_what_cannot_be_sent_is_not_asked(inputs: tuple[str, list[int]]) -> None:
    says = Says(SAID)
    assert of(OURS, says, metadata(inputs)).engine == NOT_STATED
    assert says.asked == []


@pytest.mark.parametrize(
    "says",
    [Says(SAID, "FP32"), Says(b""), Says(b"[1]"), Says(b"{" * 10_000), Says(b'{"engine": 7}')],
    ids=["numbers", "nothing", "no object", "long", "another type"],
)
def test_an_odd_answer_says_nothing(says: Says) -> None:
    found = of(OURS, says)
    assert (found.backend, found.runtime, found.engine) == ("onnxruntime", "model.py", NOT_STATED)
    assert found.threads in (NOT_STATED, "3 within, 0 across operators")


def test_texts_of_a_server_are_one_short_line() -> None:
    found = of(OURS, Says(b'{"engine": "a\\u001b[2J\\n' + b"x" * 500 + b'"}'))
    assert len(found.engine) == 120
    assert found.engine.isprintable()
    assert len(of(f'backend: "{"b" * 1000}"').backend) == 60


def test_a_backend_that_takes_the_question_for_an_image_is_not_stated() -> None:
    server = cast("Server", Serving(refused=ServerError("no such image")))
    model = replace(MODEL, answering=answering(text_format.Parse(OURS, ModelConfig())))
    assert with_engine(server, model).answering == model.answering


def test_the_configuration_says_instances_cache_and_the_accelerator_s_precision() -> None:
    config = (
        COMPILED
        + " instance_group { count: 2 kind: KIND_GPU gpus: [0, 1] } instance_group { count: 1 }"
        + " response_cache { enable: true } optimization { execution_accelerators {"
        + ' gpu_execution_accelerator { name: "tensorrt"'
        + ' parameters { key: "precision_mode" value: "FP16" } } } }'
    )
    found = of(config)
    assert (found.instances, found.response_cache, found.precision) == (5, True, "tensorrt FP16")
