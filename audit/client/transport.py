"""The seam between the audit and a server: a request goes out, a future comes back.

gRPC is one transport; a test's fake another.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from audit.client.connection import Connection
from audit.client.endpoint import DEADLINE
from audit.client.failures import WrongModelError, explained, server_errors, text_of
from audit.client.wire import Output
from fairness.arrays import Array
from fairness.errors import ServerError


@dataclass(frozen=True)
class Request:
    """One call of one version of a model."""

    model: str
    version: str
    inputs: Mapping[str, Array]
    output: str
    timeout: float
    """Seconds that the answer may take."""


class Transport(Protocol):
    """A way to a server."""

    def send(self, request: Request) -> "Future[list[Output]]":
        """Send a request without waiting for its answer.

        The future gives the outputs, or raises ServerError; cancelling it ends the work, as far as
        the server can be told.

        Raises:
            ServerError: the request was refused at once.
        """

    def count(self, model: str, version: str) -> int | None:
        """How many requests the server says it has answered since it loaded the model.

        None where it does not say.

        Raises:
            ServerError: the model is gone, or the server.
        """


@dataclass(frozen=True)
class GrpcTransport:
    """Requests over gRPC, tensors as raw bytes."""

    client: InferenceServerClient
    connection: Connection

    def send(self, request: Request) -> "Future[list[Output]]":
        """Send a request; arguments and errors as `Transport`."""
        future: Future[list[Output]] = Future()

        def arrived(result: InferResult | None, error: InferenceServerException | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            if result is None:
                fault = error or InferenceServerException("the call ended without a result")
                future.set_exception(explained(fault, self.connection, request.model))
                return
            try:
                future.set_result(outputs_of(result, request))
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

    def count(self, model: str, version: str) -> int | None:
        """Requests answered since the model was loaded; arguments and errors as `Transport`."""
        try:
            found = self.client.get_inference_statistics(model, version, client_timeout=DEADLINE)
        except InferenceServerException as error:
            if text_of(error, self.connection)[0] == "UNIMPLEMENTED":
                return None
            raise explained(error, self.connection, model) from None
        counts = [
            int(one.inference_stats.success.count)
            for one in found.model_stats
            if (one.name, one.version) == (model, version)
        ]
        return counts[0] if counts else None


def _cancel(call: Any) -> None:
    with suppress(InferenceServerException):
        call.cancel()


def grpc_input(name: str, array: Array) -> InferInput:
    """One tensor of a request."""
    tensor = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array)
    return tensor


def outputs_of(result: InferResult, request: Request) -> list[Output]:
    """Every output of a response with its bytes.

    Raises:
        WrongModelError: another model or another version answered than was asked.
    """
    response = result.get_response()
    if (response.model_name, response.model_version) != (request.model, request.version):
        raise WrongModelError(
            f"model '{request.model}' version {request.version} was asked, "
            f"'{response.model_name[:200]}' version {response.model_version[:50]!r} answered; see "
            "what stands between fair-audit and the server, and the server's configuration"
        )
    return [
        Output(output.name, output.datatype, tuple(output.shape), raw)
        for output, raw in zip(response.outputs, response.raw_output_contents, strict=False)
    ]
