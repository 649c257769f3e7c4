"""What a served model says of itself: one JSON text in its Triton configuration.

`export` writes it as `parameters { key: "fair_audit" ... }` into `config.pbtxt`; `fair-audit` reads
it back over gRPC and needs no per-model code or flags. Everything that comes from a server is
untrusted, so it is validated field by field. Decision 3 of docs/decisions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from fairness.arrays import Array, FloatArray, Image, IntArray
from fairness.errors import ServerError

PARAMETER_KEY = "fair_audit"
CONTRACT_VERSION = 2
FIELDS = 4
"""Fields along a side into which a mask is divided to be recognised."""

Side = Annotated[int, Field(ge=1, le=8192)]
Shape: TypeAlias = Annotated[tuple[Side, ...], Field(min_length=2, max_length=3)]
"""(H, W), or (D, H, W): bounded, since a server that names it may not exhaust our memory."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Seeded inputs with the outputs that the exported model gave: a proof of what answers."""

    seed: int
    shapes: tuple[Shape, ...]
    """(H, W), or (D, H, W), of each probe, in order."""
    groups: tuple[int, ...] | None = None
    """Group code of each probe, -1 for unknown; None where the model asks for no group."""
    expected: tuple[tuple[float, ...], ...]
    """`fingerprint_of` the answer to each probe."""
    tolerance: float
    """Largest absolute difference at which the served model counts as the exported one."""

    def images(self) -> list[Image]:
        """The probe inputs, uint8: random blocks, which survive any resizing, and a disc."""
        rng = np.random.default_rng(self.seed)
        return [probe_image(rng, *shape) for shape in self.shapes]

    def fit(self, spec: "ModelSpec") -> bool:
        """Whether there is an expected answer, of the right length, to every probe."""
        n, length = len(self.shapes), 1 if spec.task == "classification" else 2 * FIELDS**2
        groups_fit = self.groups is None or len(self.groups) == n
        return n > 0 and groups_fit and [len(row) for row in self.expected] == [length] * n

    def worst_difference(self, answers: FloatArray) -> float:
        """Largest absolute difference between `answers` (n, k) and the expected ones."""
        return float(np.max(np.abs(np.asarray(answers) - np.asarray(self.expected))))


def probe_image(rng: np.random.Generator, *shape: int) -> Image:
    """A uint8 image (H, W) or stack (D, H, W) of 8 x 8 random grey blocks.

    Every other one, by chance, has a bright disc in the middle with a brighter one in it: something
    to answer to for a model that outlines optic discs.
    """
    height, width = shape[-2:]
    blocks: IntArray = rng.integers(0, 256, (8, 8)) * rng.integers(32, 256) // 255
    rows = np.arange(height) * 8 // height
    columns = np.arange(width) * 8 // width
    image = blocks[np.ix_(rows, columns)]
    if rng.random() < 0.5:
        image = with_disc(rng, image // 2)
    if len(shape) == 2:
        return np.asarray(image, dtype=np.uint8)
    levels = rng.integers(64, 256, shape[0])[:, None, None]
    return np.asarray(image * levels // 255, dtype=np.uint8)


def with_disc(rng: np.random.Generator, image: IntArray) -> IntArray:
    """The image (H, W) under two concentric discs, of grey levels 150 and 230."""
    height, width = image.shape
    down, right = rng.uniform(0.4, 0.6, 2)
    radius = rng.uniform(0.12, 0.2)
    away = np.hypot(np.arange(height)[:, None] / height - down, np.arange(width) / width - right)
    drawn: IntArray = np.select([away < 0.6 * radius, away < radius], [230, 150], image)
    return drawn


def fingerprint_of(answer: Array) -> FloatArray:
    """What a probe compares, (k,): a probability itself; of a mask, the shares of its classes.

    Args:
        answer: (1,) float, or an (H, W) uint8 mask of classes 0, 1, 2, ...: the shares of classes
            1 and 2 in each of 4 x 4 fields, which one pixel at an edge hardly moves.
    """
    if answer.dtype != np.uint8:
        return np.asarray(answer, dtype=np.float64)
    fields = [
        field
        for rows in np.array_split(answer, FIELDS)
        for field in np.array_split(rows, FIELDS, axis=1)
    ]
    return np.array([(field == label).mean() for field in fields for label in (1, 2)])


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
            version = _VERSION.validate_json(text).contract_version
            if version != CONTRACT_VERSION:
                raise ServerError(
                    f"model '{model}': self-description version {version}, this fair-audit reads "
                    f"{CONTRACT_VERSION}; {again}"
                )
            spec = _ADAPTER.validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the text"
            raise ServerError(
                f"model '{model}': its fair_audit self-description is unusable at {where}: "
                f"{first['msg']}; {again}"
            ) from None
        if spec.task == "classification" and (spec.threshold is None or len(spec.class_names) != 2):
            raise ServerError(
                f"model '{model}': its fair_audit self-description has no threshold or not two "
                f"class_names; {again}"
            )
        if spec.probes is not None and not spec.probes.fit(spec):
            raise ServerError(
                f"model '{model}': the probes of its fair_audit self-description do not fit "
                f"together; {again}"
            )
        return spec


@dataclass(frozen=True, kw_only=True)
class _Version:
    contract_version: int


_VERSION = TypeAdapter(_Version)
_ADAPTER = TypeAdapter(ModelSpec)
