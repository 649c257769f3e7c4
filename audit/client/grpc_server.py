"""A server over gRPC: tensors as raw bytes, or as the numbers of an answer that has no others."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from tritonclient.grpc import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.grpc.service_pb2 import ModelInferRequest
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from audit.client.channel import headers_of
from audit.client.connection import Connection
from audit.client.failures import explained, server_errors, text_of, too_large
from audit.client.raw_request import RawRequest, raw_request
from audit.client.transport import DEADLINE, Request, check_who_answered, statistics_of
from audit.client.typed import bytes_of_numbers
from audit.client.wire import Output
from fairness.errors import ServerError

Found = TypeVar("Found")


@dataclass(frozen=True)
class GrpcServer:
    """A `Server` over gRPC."""

    client: InferenceServerClient
    infer: Any
    """The call of an inference (`audit/client/channel.py`)."""
    connection: Connection
    most_bytes: int
    """That an answer may have: what is larger does not leave the channel."""
    seen: dict[str, str] = field(default_factory=dict)
    """Version of each model's first answer."""

    @property
    def kind(self) -> str:
        """The way, for the report."""
        return "gRPC"

    @property
    def endpoint(self) -> str:
        """As `Server`."""
        return self.connection.endpoint

    def about(self) -> Any:
        """As `Server`."""
        with server_errors(self.connection):
            return self.client.get_server_metadata(client_timeout=DEADLINE)

    def is_ready(self, model: str, version: str) -> bool:
        """As `Server`."""
        try:
            return bool(self.client.is_model_ready(model, version, client_timeout=DEADLINE))
        except InferenceServerException as error:
            status, message = text_of(error, self.connection)
            if status == "NOT_FOUND" or "not found" in message:  # MLServer says UNKNOWN
                return False
            raise explained(error, self.connection, model) from None

    def metadata(self, model: str, version: str) -> Any:
        """As `Server`."""
        with server_errors(self.connection, model):
            return self.client.get_model_metadata(model, version, client_timeout=DEADLINE)

    def config(self, model: str, version: str) -> ModelConfig | None:
        """As `Server`."""
        found = self._offered(
            lambda: self.client.get_model_config(model, version, client_timeout=DEADLINE), model
        )
        return None if found is None else found.config

    def index(self) -> Any | None:
        """As `Server`."""
        return self._offered(
            lambda: self.client.get_model_repository_index(client_timeout=DEADLINE)
        )

    def count(self, model: str, version: str) -> int | None:
        """Requests answered since the model was loaded; arguments and errors as `Transport`."""
        found = self.statistics(model, version)
        return None if found is None else int(found.inference_stats.success.count)

    def statistics(self, model: str, version: str) -> Any | None:
        """As `Server`."""
        found = self._offered(
            lambda: self.client.get_inference_statistics(model, version, client_timeout=DEADLINE),
            model,
        )
        return statistics_of(found, model, version)

    def _offered(self, call: Callable[[], Found], model: str | None = None) -> Found | None:
        """What a call of an extension gives; None where the server has no such call."""
        try:
            return call()
        except InferenceServerException as error:
            if text_of(error, self.connection)[0] == "UNIMPLEMENTED":
                return None
            raise explained(error, self.connection, model) from None

    def renewed(self) -> None:
        """As `Transport`; nothing was left with the server."""

    def send(self, request: Request) -> "Future[list[Output]]":
        """Send a request; arguments and errors as `Transport`."""
        tensors = list(request.inputs.values())
        message = raw_request(head_of(request), tensors)
        return self.sent(request, message, lambda found: outputs_of(found, request, self.seen))

    def sent(
        self, request: Request, message: RawRequest, read: Callable[[Any], list[Output]]
    ) -> "Future[list[Output]]":
        """Send a message that is made by now.

        Args:
            request: what it asks.
            message: its parts.
            read: takes the outputs from the response; its ServerError becomes the future's.
        """
        future: Future[list[Output]] = Future()

        def arrived(call: Any) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(read(call.result()))
            except ServerError as error:
                future.set_exception(error)
            except grpc.RpcError as error:
                future.set_exception(self._failed(fault_of(error), request))
            except grpc.FutureCancelledError:
                fault = InferenceServerException("the call ended without a result")
                future.set_exception(self._failed(fault, request))

        headers = tuple(headers_of(self.connection).items())
        call = self.infer.future(message, timeout=request.timeout, metadata=headers)
        call.add_done_callback(arrived)
        future.add_done_callback(lambda done: call.cancel() if done.cancelled() else None)
        return future

    def _failed(self, error: InferenceServerException, request: Request) -> ServerError:
        refused = too_large(error, self.connection, request.model, self.most_bytes)
        return refused or explained(error, self.connection, request.model)


def fault_of(error: grpc.RpcError) -> InferenceServerException:
    """A failed call as the client of Triton has it."""
    return InferenceServerException(error.details(), str(error.code()))


def head_of(request: Request) -> ModelInferRequest:
    """A request without its tensors' contents."""
    head = ModelInferRequest(model_name=request.model, model_version=request.version)
    for name, array in request.inputs.items():
        datatype = np_to_triton_dtype(array.dtype)
        head.inputs.add(name=name, datatype=datatype, shape=array.shape)
    head.outputs.add(name=request.output)
    for name, value in request.parameters.items():
        head.parameters[name].string_param = value
    return head


def outputs_of(response: Any, request: Request, seen: dict[str, str]) -> list[Output]:
    """The output that was asked for, if the response has it.

    Raises:
        WrongModelError: as `check_who_answered`.
        ServerError: it came as numbers that do not fit its type.
    """
    check_who_answered(request, response.model_name, response.model_version, seen)
    raw, found = response.raw_output_contents, []
    for number, output in enumerate(response.outputs):
        if output.name == request.output and (not raw or number < len(raw)):
            content = raw[number] if raw else bytes_of_numbers(output, request.model)
            found.append(Output(output.name, output.datatype, tuple(output.shape), content))
    return found
