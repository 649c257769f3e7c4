"""Self-description of a served model: one JSON text in its Triton configuration.

`export` writes it as `parameters { key: "fair_audit" ... }` into `config.pbtxt`; `fair-audit` reads
it back over gRPC and needs no per-model code or flags. Everything that comes from a server is
untrusted, so it is validated field by field. Decision 3 of docs/decisions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from fairness.errors import ServerError
from fairness.first_fault import first_fault
from fairness.probes import Number, Probes, Shape

PARAMETER_KEY = "fair_audit"
CONTRACT_VERSION = 2

LONGEST = 200_000
"""Characters of a self-description; those of `export` have a few thousand."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a control character")
    return text


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("repeats a name")
    return names


Text: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Word: TypeAlias = Annotated[Text, Field(min_length=1)]
Folder: TypeAlias = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A name that becomes part of a path."""
Words: TypeAlias = Annotated[tuple[Word, ...], Field(max_length=100), AfterValidator(_distinct)]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The operating point, and where it was chosen: never on the split being reported."""

    value: float
    rule: Text
    """`youden`, `fixed`, ..."""
    split: Text
    """Name of the split it was chosen on, e.g. `val`."""
    split_sha256: Text
    """Fingerprint of that split (`fairness/datasets`), so that tuning on test can be refused."""
    by_label: Annotated[Mapping[Word, Number], Field(max_length=100)] = field(default_factory=dict)
    """Those of labels that have one of their own, in place of `value`."""

    def of(self, label: str) -> float:
        """That of one of several labels."""
        return self.by_label.get(label, self.value)


@dataclass(frozen=True, kw_only=True)
class SelectedOn:
    """The epoch or round of training that was kept, and by what it was chosen."""

    split: Text
    """Name of the split that `value` was measured on."""
    epoch: Annotated[int, Field(ge=0)]
    """From 1 on; 0: pretrained weights as they were given."""
    value: Number
    metric: Text = "auc"
    rule: Literal["best", "last", "only"] = "best"
    """best: it had the highest `value`. last: the last one was kept, whatever its value. only:
    there is no other, since the model was fitted in one go."""
    split_sha256: Text = ""
    """Fingerprint of the split; empty: not stated."""

    def said(self) -> str:
        """In words, after "selected on"."""
        measured = f"{self.metric} {self.value:.3f} on {self.split}"
        if self.rule == "only":
            return f"nothing: the model was fitted once ({measured})"
        if self.rule == "last":
            return f"nothing: epoch {self.epoch} was the last ({measured})"
        return f"{self.split}: epoch {self.epoch} had the highest {self.metric}, {self.value:.3f}"

    def tells_of(self, split: str, split_sha256: str) -> bool:
        """Whether numbers on a split are optimistic, since the epoch was chosen on that split."""
        same = self.split_sha256 == split_sha256 if self.split_sha256 else self.split == split
        return self.rule == "best" and same


@dataclass(frozen=True, kw_only=True)
class GroupInput:
    """The demographic group as a second input of the model."""

    name: Word
    """Of the (B, 1) int64 input: -1 for unknown, else an index into `groups`."""
    attribute: Word
    groups: Annotated[Words, Field(min_length=1)]
    settings: Annotated[Mapping[Word, Number], Field(max_length=100)]
    """How the model uses it: rank, alpha, lam."""


@dataclass(frozen=True, kw_only=True)
class TextInput:
    """The note of an image as a further input of the model, in CLIP's tokens."""

    name: Word
    """Of the (B, 77) int64 input (`fairness/clip_tokens.py`)."""
    characters: Annotated[int, Field(ge=1, le=10_000)]
    """That are kept of a note before it becomes tokens (`fairness/datasets/notes.py`)."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """The self-description of a served model."""

    contract_version: int = CONTRACT_VERSION
    task: Literal["classification", "multilabel", "multiclass", "segmentation"]
    method: Text
    """What trained it, e.g. `fairclip (paper mode)`."""
    dataset: Folder
    """Which reader understands its data, e.g. `fairvlmed`."""
    target: Word
    """The key that the score predicts, e.g. `glaucoma`; of several labels a name for all."""
    attribute: Word | None = None
    """Whose groups training compared."""
    input: Word
    """Name of the uint8 input, (B, H, W) or (B, D, H, W)."""
    image_shape: Shape | None = None
    """The only shape of an image that the model takes; None: any (H, W)."""
    group_input: GroupInput | None = None
    text_input: TextInput | None = None
    """None: the model reads no notes."""
    output: Word
    """Name of the output. Classification: (B, 1) float, P(class_names[1]). Multilabel and
    multiclass: (B, K) float, the probability of each of the K `class_names`. Segmentation:
    (B, H, W) uint8, index into `class_names`."""
    class_names: Words
    """Classes, or the names of several labels."""
    unions: Annotated[Mapping[Word, Words], Field(max_length=100)] | None = None
    """Segmentation: name of a union to the classes that it consists of. None: the disc, where the
    classes are rim and cup, else none."""
    ordered: bool = False
    """Whether the classes of a multiclass model are steps, the mildest first."""
    threshold: Threshold | None = None
    """None where a model draws masks."""
    selected_on: SelectedOn | None = None
    """How training chose the epoch; None: not stated."""
    checkpoint_sha256: Text
    model_sha256: Text
    """Of the ONNX file."""
    precision: Text
    parity: Annotated[dict[Word, Number], Field(max_length=100)]
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
        if len(text) > LONGEST:
            raise ServerError(
                f"model '{model}': its fair_audit self-description has {len(text)} characters, "
                f"{LONGEST} are read; {again}"
            )
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
        if fault := spec.fault():
            raise ServerError(f"model '{model}': its fair_audit self-description {fault}; {again}")
        return spec

    def fault(self) -> str | None:
        """What its parts contradict one another in; None where they fit."""
        groups = self.group_input.groups if self.group_input else ()
        if self.probes is not None and not self.probes.fit(len(groups)):
            return "has probes that do not fit together"
        if self.probes is not None and (self.probes.texts is None) != (self.text_input is None):
            return "has probes with texts and no text_input, or the other way round"
        said = self.threshold
        for value in (said.value, *said.by_label.values()) if said is not None else ():
            if not 0 <= value <= 1:  # NaN too
                return f"has the threshold {value}, which lies outside 0 to 1"
        if said is not None and (strange := set(said.by_label) - set(self.class_names)):
            return f"has a threshold of '{min(strange)}', which is none of its labels"
        return None


_OBJECT = TypeAdapter(dict[str, object])
_ADAPTER = TypeAdapter(ModelSpec)
