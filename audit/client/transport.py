"""The seam between the audit and a server: a request goes out, a future comes back.

gRPC and REST are transports; a test's fake another.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tritonclient.grpc.model_config_pb2 import ModelConfig

from audit.client.failures import ReplacedError, WrongModelError
from audit.client.wire import Output
from fairness.arrays import Array

DEADLINE = 10.0
"""Seconds that any call but an inference may take."""

DESCRIPTION_BYTES = 2**24
"""Of an answer that describes server or models."""


@dataclass(frozen=True)
class Request:
    """One call of one version of a model; no version where the server names none."""

    model: str
    version: str
    inputs: Mapping[str, Array]
    output: str
    timeout: float
    """Seconds that the answer may take."""
    by_row: frozenset[str] = frozenset()
    """Tensors whose first axis counts images; where there are none it cannot be sent in parts."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the request, beside its tensors; servers ignore those that they do not know."""
    batch: str = ""
    """Id of the first sample of the batch that it belongs to, for whoever records who answered."""

    @property
    def rows(self) -> int:
        """Images in it."""
        return max((len(self.inputs[name]) for name in self.by_row), default=1)

    def part(self, start: int, stop: int) -> "Request":
        """The same request of some of its rows only."""
        inputs = {
            name: array[start:stop] if name in self.by_row else array
            for name, array in self.inputs.items()
        }
        return replace(self, inputs=inputs)


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

    def renewed(self) -> None:
        """Learn that the server counts anew: it may be a new process, with nothing registered."""


class Server(Transport, Protocol):
    """A transport that can also be asked what is served: messages of the protocol, as it has them.

    Each call raises ServerError where it fails. Those that belong to an extension of the protocol
    give None where the server does not offer it.
    """

    @property
    def endpoint(self) -> str:
        """Its address, as the user gave it."""

    def about(self) -> Any:
        """Core: name, version and extensions of the server."""

    def is_ready(self, model: str, version: str) -> bool:
        """Core: whether the model can be asked."""

    def metadata(self, model: str, version: str) -> Any:
        """Core: versions, inputs and outputs of a model."""

    def config(self, model: str, version: str) -> ModelConfig | None:
        """Extension: the configuration in force."""

    def index(self) -> Any | None:
        """Extension: all models of the repository and their states."""

    def statistics(self, model: str, version: str) -> Any | None:
        """Extension: `ModelStatistics` of a model since it was loaded."""


def statistics_of(found: Any | None, model: str, version: str) -> Any | None:
    """Of one version of a model, from a server's answer; None where it has none of it."""
    stats = found.model_stats if found is not None else ()
    return next((one for one in stats if (one.name, one.version) == (model, version)), None)


def check_who_answered(request: Request, model: str, version: str, seen: dict[str, str]) -> None:
    """Refuse the answer of another model or version than was asked.

    A server may leave out the version that it was asked for by a word; one that was asked for by
    number, as Triton names them, must come back. Where none was asked, all answers must be of one.

    Args:
        request: that was sent.
        model: that answered, by its own word.
        version: of it, or nothing.
        seen: version of the first answer of each model; is added to.

    Raises:
        WrongModelError: it is such an answer.
        ReplacedError: answers are of several versions.
    """
    asked = request.version
    same = version == asked or not asked or (not version and not asked.isdecimal())
    if model != request.model or not same:
        raise WrongModelError(
            f"model '{request.model}' version {asked or 'of the server'} was asked, "
            f"'{model[:200]}' version {version[:50]!r} answered; see what stands between "
            "fair-audit and the server, and the server's configuration"
        )
    first = seen.setdefault(model, version)
    if not asked and version != first:
        raise ReplacedError(
            f"model '{model}' answered as version {first[:50]!r}, then as {version[:50]!r}: it was "
            "replaced, or several versions share its name; choose one with --version"
        )
