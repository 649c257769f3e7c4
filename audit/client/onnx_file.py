"""An ONNX file that answers in this process, through ONNX Runtime, as if a server had loaded it.

What it says of itself stands in the `config.pbtxt` that `python -m export` writes beside its
versions. ONNX Runtime is an extra, and is imported only where a file is named.
"""

import hashlib
import os
import re
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.grpc.service_pb2 import ModelMetadataResponse, ServerMetadataResponse

from audit.client.transport import DESCRIPTION_BYTES, Request
from audit.client.wire import DTYPES, Output
from fairness.contract import PARAMETER_KEY, ModelSpec
from fairness.errors import DataError, UsageError

CONFIG = "config.pbtxt"

TYPES = {
    **{f"tensor({dtype.name})": name for name, dtype in DTYPES.items()},
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
}
"""Types of ONNX Runtime by the protocol's names."""


@dataclass(frozen=True)
class OnnxFile:
    """A `Server` of one model: a file, on this machine's CPU."""

    path: Path
    session: Any
    configuration: ModelConfig | None

    @property
    def kind(self) -> str:
        """The way, for the report."""
        return "a call in this process"

    @property
    def endpoint(self) -> str:
        """The file, as the user gave it."""
        return str(self.path)

    @property
    def name(self) -> str:
        """Of the model: as configured, else after the file."""
        if self.configuration is not None and self.configuration.name:
            return str(self.configuration.name)
        return re.sub(r"[^A-Za-z0-9._-]", "_", self.path.stem).lstrip("._-")[:100] or "model"

    def about(self) -> Any:
        """As `Server`."""
        import onnxruntime

        return ServerMetadataResponse(name="ONNX Runtime", version=onnxruntime.__version__)

    def is_ready(self, model: str, version: str) -> bool:
        """As `Server`: it is, by now."""
        return True

    def metadata(self, model: str, version: str) -> Any:
        """As `Server`."""
        found = ModelMetadataResponse(name=model)
        if self.path.parent.name.isdecimal():  # as in a repository: NAME/VERSION/model.onnx
            found.versions.append(self.path.parent.name)
        for ours, theirs in (
            (found.inputs, self.session.get_inputs()),
            (found.outputs, self.session.get_outputs()),
        ):
            for one in theirs:
                shape = [axis if isinstance(axis, int) else -1 for axis in one.shape]
                ours.add(name=one.name, datatype=TYPES.get(one.type, one.type), shape=shape)
        return found

    def config(self, model: str, version: str) -> ModelConfig | None:
        """As `Server`: as a server would be configured, but for what runs it and where."""
        if self.configuration is None:
            return None
        found = ModelConfig()
        found.CopyFrom(self.configuration)
        found.runtime = "in the process of the audit"
        del found.instance_group[:]
        found.instance_group.add(kind="KIND_CPU", count=1)
        return found

    def index(self) -> Any | None:
        """As `Server`: there is no repository."""
        return None

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`: nobody else asks it, so nobody counts."""
        return None

    def statistics(self, model: str, version: str) -> Any | None:
        """As `Server`: nobody counts."""
        return None

    def renewed(self) -> None:
        """As `Transport`; there is no server."""

    def send(self, request: Request) -> "Future[list[Output]]":
        """Answer at once; arguments as `Transport`, and DataError in place of ServerError."""
        future: Future[list[Output]] = Future()
        try:
            (answer,) = self.session.run([request.output], dict(request.inputs))
        except Exception as error:  # whatever ONNX Runtime raises
            future.set_exception(DataError(f"{self.path}: ONNX Runtime failed: {error}"))
            return future
        kinds = {one.name: one.type for one in self.session.get_outputs()}
        kind = kinds[request.output]
        output = Output(request.output, TYPES.get(kind, kind), answer.shape, answer.tobytes())
        future.set_result([output])
        return future


def onnx_file(path: Path, *, described: bool) -> OnnxFile:
    """Load a file.

    Args:
        path: of it.
        described: whether a `model.yaml` describes it, so that its configuration need not.

    Raises:
        UsageError: ONNX Runtime is not installed, or a configuration is of another file.
        DataError: file or configuration cannot be used.
    """
    if find_spec("onnxruntime") is None:
        raise UsageError("--onnx needs ONNX Runtime; install the extra: fair-audit-triton[export]")
    if not path.is_file():
        raise DataError(f"--onnx {path}: no such file")
    configuration = None if described else configuration_of(path)
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else it reports to its maker
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # whatever ONNX Runtime raises
        raise DataError(f"--onnx {path}: ONNX Runtime cannot load it: {error}") from None
    return OnnxFile(path, session, configuration)


def configuration_of(path: Path) -> ModelConfig | None:
    """The Triton configuration beside a file's version; None where there is none.

    Raises:
        UsageError: it describes another file.
        DataError: it cannot be read.
    """
    text = path.parent.parent / CONFIG
    if not text.is_file():
        return None
    try:
        if text.stat().st_size > DESCRIPTION_BYTES:
            raise DataError(f"{text}: larger than {DESCRIPTION_BYTES >> 20} MB, no configuration")
        found: ModelConfig = text_format.Parse(text.read_text(), ModelConfig())
    except (OSError, UnicodeDecodeError, text_format.ParseError, RecursionError) as error:
        raise DataError(f"{text}: no configuration of a model: {error}") from None
    if PARAMETER_KEY in found.parameters:
        spec = ModelSpec.from_json(found.parameters[PARAMETER_KEY].string_value, found.name)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != spec.model_sha256:
            raise UsageError(
                f"--onnx {path}: {text} describes another file (SHA-256 {spec.model_sha256[:12]}); "
                "name that one, or describe this one with --spec model.yaml"
            )
    return found
