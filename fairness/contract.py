"""What a served model says of itself: one JSON text in its Triton configuration.

`export` writes it as `parameters { key: "fair_audit" ... }` into `config.pbtxt`; `fair-audit` reads
it back over gRPC and needs no per-model code or flags. Everything that comes from a server is
untrusted, so it is validated field by field. Decision 3 of docs/decisions.md.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from fairness.arrays import FloatArray, Image, IntArray
from fairness.errors import ServerError

PARAMETER_KEY = "fair_audit"
CONTRACT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Seeded inputs with the outputs that the exported model gave: a proof of what answers."""

    seed: int
    shapes: tuple[tuple[int, int], ...]
    """(H, W) of each probe, in order."""
    expected: tuple[float, ...]
    """The output for each probe."""
    tolerance: float
    """Largest absolute difference at which the served model counts as the exported one."""

    def images(self) -> list[Image]:
        """The probe inputs, (H, W) uint8 each: random blocks, which survive any resizing."""
        rng = np.random.default_rng(self.seed)
        return [probe_image(rng, height, width) for height, width in self.shapes]

    def worst_difference(self, answers: FloatArray) -> float:
        """Largest absolute difference between `answers` (n,) and the expected outputs."""
        return float(np.max(np.abs(np.asarray(answers) - np.asarray(self.expected))))


def probe_image(rng: np.random.Generator, height: int, width: int) -> Image:
    """A (height, width) uint8 image of 8 x 8 random grey blocks with a random overall level."""
    blocks: IntArray = rng.integers(0, 256, (8, 8)) * rng.integers(32, 256) // 255
    rows = np.arange(height) * 8 // height
    columns = np.arange(width) * 8 // width
    return np.asarray(blocks[np.ix_(rows, columns)], dtype=np.uint8)


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
class ModelSpec:
    """The self-description of a served model."""

    contract_version: int = CONTRACT_VERSION
    task: Literal["classification"]
    method: str
    """What trained it, e.g. `fairclip (paper mode)`."""
    dataset: str
    """Which reader understands its data, e.g. `fairvlmed`."""
    target: str
    """The 0/1 key that the score predicts, e.g. `glaucoma`."""
    input: str
    """Name of the (B, H, W) uint8 input."""
    output: str
    """Name of the (B, 1) float output: P(class_names[1])."""
    class_names: tuple[str, str]
    threshold: Threshold
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
        try:
            spec = _ADAPTER.validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the text"
            raise ServerError(
                f"model '{model}': its fair_audit self-description is unusable at {where}: "
                f"{first['msg']}; export the model again with python -m export"
            ) from None
        if spec.contract_version != CONTRACT_VERSION:
            raise ServerError(
                f"model '{model}': self-description version {spec.contract_version}, this "
                f"fair-audit reads {CONTRACT_VERSION}; export the model again with python -m export"
            )
        return spec


_ADAPTER = TypeAdapter(ModelSpec)
