"""Self-description of a served model: one JSON text in its Triton configuration.

`export` writes it as `parameters { key: "fair_audit" ... }` into `config.pbtxt`; `fair-audit` reads
it back over gRPC and needs no per-model code or flags. Everything that comes from a server is
untrusted, so it is validated field by field. Decision 3 of docs/decisions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from fairness.errors import ServerError
from fairness.first_fault import first_fault
from fairness.probes import Probes, Shape

PARAMETER_KEY = "fair_audit"
CONTRACT_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The operating point, and where it was chosen: never on the split being reported."""

    value: float
    rule: str
    """`youden`, `fixed`, ..."""
    split: str
    """Name of the split it was chosen on, e.g. `val`."""
    split_sha256: str
    """Fingerprint of that split (`fairness/datasets`), so that tuning on test can be refused."""


@dataclass(frozen=True, kw_only=True)
class GroupInput:
    """The demographic group as a second input of the model."""

    name: str
    """Of the (B, 1) int64 input: -1 for unknown, else an index into `groups`."""
    attribute: str
    groups: tuple[str, ...]
    settings: Mapping[str, float]
    """How the model uses it: rank, alpha, lam."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """The self-description of a served model."""

    contract_version: int = CONTRACT_VERSION
    task: Literal["classification", "segmentation"]
    method: str
    """What trained it, e.g. `fairclip (paper mode)`."""
    dataset: str
    """Which reader understands its data, e.g. `fairvlmed`."""
    target: str
    """The 0/1 key that the score predicts, e.g. `glaucoma`."""
    attribute: str | None = None
    """Whose groups training compared."""
    input: str
    """Name of the uint8 input, (B, H, W) or (B, D, H, W)."""
    image_shape: Shape | None = None
    """The only shape of an image that the model takes; None: any (H, W)."""
    group_input: GroupInput | None = None
    output: str
    """Name of the output. Classification: (B, 1) float, P(class_names[1]). Segmentation: (B, H, W)
    uint8, index into `class_names`."""
    class_names: tuple[str, ...]
    threshold: Threshold | None = None
    """None where a model draws masks."""
    checkpoint_sha256: str
    model_sha256: str
    """Of the ONNX file."""
    precision: str
    parity: dict[str, float]
    """Largest differences seen at export, by name, e.g. `cosine`, `probability`."""
    probes: Probes | None = None

    def to_json(self) -> str:
        """One line of JSON."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str, model: str) -> "ModelSpec":
        """Parse what the server's `model` says.

        Raises:
            ServerError: the text is not a self-description that this version understands.
        """
        again = "export the model again with python -m export"
        try:
            version = _OBJECT.validate_json(text).get("contract_version")
            if version != CONTRACT_VERSION:
                raise ServerError(
                    f"model '{model}': self-description version {version}, this fair-audit reads "
                    f"{CONTRACT_VERSION}; {again}"
                )
            spec = _ADAPTER.validate_json(text)
        except ValidationError as error:
            raise ServerError(
                f"model '{model}': its fair_audit self-description is unusable at "
                f"{first_fault(error, 'the text')}; {again}"
            ) from None
        if spec.probes is not None and not spec.probes.fit():
            raise ServerError(
                f"model '{model}': the probes of its fair_audit self-description do not fit "
                f"together; {again}"
            )
        return spec


_OBJECT = TypeAdapter(dict[str, object])
_ADAPTER = TypeAdapter(ModelSpec)
