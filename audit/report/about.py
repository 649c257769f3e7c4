"""The parts of a provenance that a page relies on: a report.json may have been made by anybody."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fairness.first_fault import first_fault


class _Part(BaseModel):
    """A part with more in it than is named here."""

    model_config = ConfigDict(extra="allow", frozen=True)


class _Partial(_Part):
    answered: int
    of: int


class _Data(_Part):
    dataset: str
    split: str
    path: str
    n: int | None
    n_skipped: int
    statement: str
    partial: _Partial | None = None


class _Statistics(_Part):
    confidence: Annotated[float, Field(gt=0, lt=1)]
    suppress_below: int
    suppress_positives_below: int | None
    power: float


class _Threshold(_Part):
    value: float
    rule: str
    split: str
    by_label: dict[str, float] = {}


class _Model(_Part):
    identity: str = "found"
    selected_on: str = ""


class _Masks(_Part):
    unions: dict[str, Any] = {}


class _Tool(_Part):
    name: str = ""
    version: str = ""


class _Request(_Part):
    round_trip: float
    network: float = 0.0
    queue: float = 0.0
    compute_input: float = 0.0
    compute_infer: float = 0.0
    compute_output: float = 0.0


class _Delivery(_Part):
    transport: str
    batch: int
    window: int
    requests: int
    retries: int
    restarts: int
    client_seconds: dict[str, Annotated[float, Field(ge=0)]]
    milliseconds_a_request: _Request
    answered_from_cache: int | None = None


class _Shard(_Part):
    endpoint: str
    requests: int
    retries: int
    restarts: int
    answered_from_cache: int


class _Workers(_Part):
    engine: str
    number: int


class _Replica(_Part):
    endpoint: str
    images: int
    absences: int
    restarts: int


class _Weights(_Part):
    column: str
    effective_patients: float | None


class _ReaderLabels(_Part):
    columns: list[str]
    undecided: int | None


class _About(_Part):
    what_answered: str
    model: _Model
    data: _Data
    threshold: _Threshold | None
    statistics: _Statistics
    families: list[str]
    delivery: _Delivery | None = None
    shards: list[_Shard] | None = None
    workers: _Workers | None = None
    replicas: list[_Replica] | None = None
    finished: str = ""
    tool: _Tool = _Tool()
    masks: _Masks = _Masks()
    empty_masks: dict[str, int] = {}
    weights: _Weights | None = None
    reader_labels: _ReaderLabels | None = None


def _complete(about: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        _About.model_validate(about)
    except ValidationError as error:
        raise ValueError(first_fault(error)) from None
    return about


Provenance: TypeAlias = Annotated[Mapping[str, Any], AfterValidator(_complete)]
"""As a report holds it, whatever else is in it."""
