"""A gRPC server that says of itself and of its models what a test tells it to."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import grpc
import numpy as np
from served import SPEC
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from fairness.contract import PARAMETER_KEY


@dataclass
class FakeServer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]  # untyped
    """One mean grey model, unless told otherwise; `count` is what it says it has answered."""

    names: tuple[str, ...] = ("m",)
    versions: tuple[str, ...] = ("1",)
    description: str = SPEC.to_json()
    batch: int = 4
    kind: int = 1
    server: str = "fake"
    answer_bytes: int | None = None
    answered: int = 0
    shape: tuple[int, ...] = (-1, -1, -1)
    asked: list[str] = field(default_factory=list)
    hangs_in: str = ""
    """The call that it does not answer."""
    lacks: tuple[str, ...] = ()
    """Calls that it does not have."""
    answers_as: tuple[str, str] | None = None
    """Model and version that it says it answers as; without it, those that were asked."""
    names_tensors: bool = True
    """Whether its metadata have inputs and outputs."""
    typed: bool = False
    """Whether it answers with numbers, not with raw bytes."""
    receives: int = -1
    """Bytes of the largest request."""
    sizes: list[int] = field(default_factory=list)
    """Images of each request."""
    cache: bool = False
    """Whether its configuration enables the response cache."""
    stopped: Event = field(default_factory=Event)

    def __getattribute__(self, name: str) -> Any:
        if name[0].isupper() and name == self.hangs_in:
            return lambda request, context: self.stopped.wait(30)
        if name[0].isupper() and name in self.lacks:
            return lambda request, context: context.abort(grpc.StatusCode.UNIMPLEMENTED, "")
        return super().__getattribute__(name)

    def ServerReady(self, request: Any, context: Any) -> Any:  # noqa: N802, the protocol's names
        return pb.ServerReadyResponse(ready=True)

    def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.ModelReadyResponse(ready=True)

    def ServerMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.ServerMetadataResponse(name=self.server, version="1")

    def RepositoryIndex(self, request: Any, context: Any) -> Any:  # noqa: N802
        index = pb.RepositoryIndexResponse()
        for name in self.names:
            index.models.add(name=name, version="1", state="READY")
        return index

    def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = pb.ModelMetadataResponse(name=request.name, versions=self.versions)
        if self.names_tensors:
            found.inputs.add(name="image", datatype="UINT8", shape=self.shape)
            found.outputs.add(name="probability", datatype="FP32", shape=[-1, 1])
        return found

    def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = pb.ModelConfigResponse()
        found.config.max_batch_size = self.batch
        found.config.parameters[PARAMETER_KEY].string_value = self.description
        found.config.instance_group.add(kind=self.kind)
        found.config.response_cache.enable = self.cache
        return found

    def ModelStatistics(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = pb.ModelStatisticsResponse()
        one = found.model_stats.add(name=request.name, version=request.version)
        one.inference_stats.success.count = self.answered
        return found

    def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.asked.append(request.model_name)
        self.answered += 1
        images = np.frombuffer(request.raw_input_contents[0], np.uint8)
        images = images.reshape(request.inputs[0].shape)
        images = images[np.newaxis] if images.ndim == 2 else images
        means = (images.mean(axis=(1, 2), dtype=np.float32) / 255).astype(np.float32)
        self.sizes.append(len(images))
        raw = means.tobytes() if self.answer_bytes is None else bytes(self.answer_bytes)
        model, version = self.answers_as or (request.model_name, request.model_version)
        found = pb.ModelInferResponse(model_name=model, model_version=version)
        output = found.outputs.add(name="probability", datatype="FP32", shape=[len(images), 1])
        if self.typed:
            output.contents.fp32_contents.extend(means.tolist())
        else:
            found.raw_output_contents.append(raw)
        return found


@contextmanager
def serving(
    model: FakeServer,
    interceptors: Sequence[grpc.ServerInterceptor] = (),
    credentials: grpc.ServerCredentials | None = None,
) -> Iterator[str]:
    """The address at which the server answers, through interceptors, by TLS with credentials."""
    limits = [
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", model.receives),
    ]
    server = grpc.server(ThreadPoolExecutor(4), options=limits, interceptors=interceptors)
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(model, server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        model.stopped.set()
        server.stop(None).wait()
