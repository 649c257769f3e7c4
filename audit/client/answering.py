"""What runs a model, as far as its server tells: two backends must not look the same in a report.

Triton's configuration names the backend, what implements it (`runtime`), devices and instances; of
this package's own backend `engine.py` learns more.
"""

from dataclasses import asdict, dataclass

from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from fairness.text import short

NOT_STATED = "not stated by the server"
"""In the place of what it does not say."""


@dataclass(frozen=True)
class Answering:
    """What runs a model; `not stated by the server` where it does not say."""

    backend: str = NOT_STATED
    """Name of Triton's backend, e.g. `onnxruntime`."""
    runtime: str = NOT_STATED
    """What implements it, e.g. `libtriton_onnxruntime.so`, or `model.py`."""
    engine: str = NOT_STATED
    """Library and version, e.g. `ONNX Runtime 1.31.1`."""
    providers: str = NOT_STATED
    """Execution providers of ONNX Runtime, in order of preference."""
    precision: str = NOT_STATED
    """That the server computes in, where it lowers that of the model's file."""
    threads: str = NOT_STATED
    """Of an instance: within an operator, and across operators."""
    instances: int | None = None
    response_cache: bool | None = None
    """Whether answers may come from a cache in place of the model."""

    @property
    def name(self) -> str:
        """What tells it from another backend, in a few words: `onnxruntime, model.py`."""
        said = [part for part in (self.backend, self.runtime, self.engine) if part != NOT_STATED]
        return ", ".join(said) or "a backend that it does not state"

    def told(self) -> dict[str, str | int | bool | None]:
        """As report.json has it."""
        return asdict(self)


UNKNOWN_BACKEND = Answering()
"""Of a server that says nothing of it."""


def device_of(config: ModelConfig) -> str:
    """`CPU`, `GPU`, or both, from the instance groups of the configuration in force."""
    names = {number: name for name, number in ModelInstanceGroup.Kind.items()}
    kinds = {
        names.get(group.kind, "unknown").removeprefix("KIND_") for group in config.instance_group
    }
    return "+".join(sorted(kinds)) or "unknown"


def answering(config: ModelConfig | None) -> Answering:
    """What runs a model, by its configuration; None where the server does not tell it."""
    if config is None:
        return UNKNOWN_BACKEND
    return Answering(
        backend=short(config.backend or config.platform, 60) or NOT_STATED,
        runtime=short(config.runtime, 60) or NOT_STATED,
        precision=configured_precision(config),
        instances=sum(g.count * max(1, len(g.gpus)) for g in config.instance_group) or None,
        response_cache=bool(config.response_cache.enable),
    )


def configured_precision(config: ModelConfig) -> str:
    """That of an accelerator of the configuration, e.g. `tensorrt FP16`."""
    accelerators = config.optimization.execution_accelerators
    used = [*accelerators.gpu_execution_accelerator, *accelerators.cpu_execution_accelerator]
    modes = [
        (a.name, a.parameters["precision_mode"]) for a in used if "precision_mode" in a.parameters
    ]
    return ", ".join(f"{short(name, 30)} {short(mode, 30)}" for name, mode in modes) or NOT_STATED
