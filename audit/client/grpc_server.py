"""A server over gRPC: tensors as raw bytes, or as the numbers of an answer that has no others."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from audit.client.connection import Connection
from audit.client.failures import explained, server_errors, text_of, too_large
from audit.client.transport import DEADLINE, Request, check_who_answered
from audit.client.typed import bytes_of_numbers
from audit.client.wire import Output
from fairness.arrays import Array
from fairness.errors import ServerError

Found = TypeVar("Found")


@dataclass(frozen=True)
class GrpcServer:
    """A `Server` over gRPC."""

    client: InferenceServerClient
    connection: Connection
    most_bytes: int
    """That an answer may have: what is larger does not leave the channel."""
    seen: dict[str, str] = field(default_factory=dict)
    """Version of each model's first answer."""

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
        found = self._offered(
            lambda: self.client.get_inference_statistics(model, version, client_timeout=DEADLINE),
            model,
        )
        counts = [
            int(one.inference_stats.success.count)
            for one in (found.model_stats if found is not None else ())
            if (one.name, one.version) == (model, version)
        ]
        return counts[0] if counts else None

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
        future: Future[list[Output]] = Future()

        def arrived(result: InferResult | None, error: InferenceServerException | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            if result is None:
                fault = error or InferenceServerException("the call ended without a result")
                future.set_exception(self._failed(fault, request))
                return
            try:
                future.set_result(outputs_of(result.get_response(), request, self.seen))
            except ServerError as error:
                future.set_exception(error)

        with server_errors(self.connection, request.model):
            call = self.client.async_infer(
                request.model,
                [grpc_input(name, array) for name, array in request.inputs.items()],
                callback=arrived,
                model_version=request.version,
                outputs=[InferRequestedOutput(request.output)],
                client_timeout=request.timeout,
            )
        future.add_done_callback(lambda done: _cancel(call) if done.cancelled() else None)
        return future

    def _failed(self, error: InferenceServerException, request: Request) -> ServerError:
        refused = too_large(error, self.connection, request.model, self.most_bytes)
        return refused or explained(error, self.connection, request.model)


def _cancel(call: Any) -> None:
    with suppress(InferenceServerException):
        call.cancel()


def grpc_input(name: str, array: Array) -> InferInput:
    """One tensor of a request."""
    tensor = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array)
    return tensor


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
