"""Contents of Flower's messages: our types packed into records, and unpacked and checked.

To a site go the settings, the architecture, the number of finished rounds and the global tensors.
From a site come its trained tensors, its counts, and the counts of its validation scores; its name,
groups and image shape when it joins. Everything received is checked: it is untrusted.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from fairness.errors import DataError
from fairness.first_fault import first_fault
from training import settings
from training.fairlora.aggregation import Tensors, Update
from training.fairlora.config import Config
from training.fairlora.score_counts import Counts
from training.models.fairlora import FairLoRAConfig

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Self-description of a site, sent when it joins."""

    partition: int
    name: str
    target: str
    groups: tuple[str, ...]
    image_shape: tuple[int, ...]
    val_sha256: str
    """Fingerprint of its validation split."""
    statement: str | None = None
    """Statement of synthetic data about themselves; None for real data."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Reply of a site in a round."""

    partition: int
    counts: Counts
    """Validation scores of the global model that it received."""
    update: Update | None = None
    """None from a site that was not chosen to train."""
    loss: float = 0.0
    """Mean over its steps."""


def read(kind: type[T], value: object, what: str) -> T:
    """A value of a dataclass from plain ones.

    Raises:
        DataError: it does not fit.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise DataError(f"{what}: {first_fault(error)}; same version at both ends?") from None


def pack_task(config: Config, shape: FairLoRAConfig | None, done: int) -> ConfigRecord:
    """Settings, architecture and number of finished rounds, for a site."""
    plain = TypeAdapter(Config).dump_python(config, mode="json")
    return ConfigRecord(
        {
            "settings": json.dumps(plain),
            "architecture": json.dumps(asdict(shape) if shape else {}),
            "done": done,
        }
    )


def unpack_config(content: RecordDict) -> Config:
    """The settings in a server's message.

    Raises:
        UsageError: they are not those of this version.
    """
    record = content["config"]
    return settings.validate(Config, json.loads(str(record["settings"])), "the server's settings")


def unpack_task(content: RecordDict) -> tuple[FairLoRAConfig, int]:
    """The architecture and the number of finished rounds in a server's message.

    Raises:
        DataError: they are not those of this version.
    """
    record: Any = content["config"]  # any record is a mapping of plain values
    plain = json.loads(str(record["architecture"]))
    return read(FairLoRAConfig, plain, "the server's architecture"), int(record["done"])


def pack_arrays(tensors: Mapping[str, Any]) -> ArrayRecord:
    """Arrays, or torch tensors on any device, by name."""
    return ArrayRecord(
        {
            name: Array(value.cpu().numpy() if isinstance(value, Tensor) else value)
            for name, value in tensors.items()
        }
    )


def unpack_arrays(record: ArrayRecord) -> Tensors:
    """Arrays by name."""
    return {name: array.numpy() for name, array in record.items()}


def to_torch(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    """Arrays as torch tensors on the CPU."""
    return {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}


@dataclass(frozen=True, kw_only=True)
class _Numbers:
    """The metrics of an answer."""

    partition: int
    loss: float
    bins: tuple[int, ...]
    negatives: tuple[int, ...]
    positives: tuple[int, ...]
    examples: int = 0
    group_counts: tuple[int, ...] = ()


def pack_answer(answer: Answer) -> RecordDict:
    """Reply of a site in a round, as records."""
    numbers = {"partition": answer.partition, "loss": answer.loss, **asdict(answer.counts)}
    content = RecordDict()
    if answer.update is not None:
        numbers["examples"] = answer.update.examples
        numbers["group_counts"] = answer.update.group_counts
        content["arrays"] = pack_arrays(answer.update.tensors)
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in numbers.items()}
    content["metrics"] = MetricRecord(plain)
    return content


def unpack_answer(content: RecordDict) -> Answer:
    """Reply of a site in a round, from its records.

    Raises:
        DataError: the records are not those of a reply.
    """
    plain = dict(content.metric_records.get("metrics", MetricRecord()))
    numbers = read(_Numbers, plain, "a site's answer")
    update = None
    if "arrays" in content.array_records:
        update = Update(
            partition=numbers.partition,
            tensors=unpack_arrays(content.array_records["arrays"]),
            examples=numbers.examples,
            group_counts=numbers.group_counts,
        )
    counts = Counts(numbers.bins, numbers.negatives, numbers.positives)
    return Answer(partition=numbers.partition, counts=counts, update=update, loss=numbers.loss)


def payload(content: RecordDict) -> int:
    """Bytes of the arrays in a message."""
    return sum(len(a.data) for record in content.array_records.values() for a in record.values())
