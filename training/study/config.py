"""A study as its YAML file describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from fairness.datasets.reader import TextSource
from fairness.documents import line_of, parse_yaml, read_text
from fairness.errors import UsageError
from training.losses.fair_settings import FairMode

Seed = Annotated[int, Field(ge=0)]
TableName: TypeAlias = Literal["linear-probing", "zero-shot", "fine-tuning"]
"""Tables 2, 3 and 5 of the paper."""


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """Sizes of a synthetic data set, which is written where the data folder is missing."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    train: Annotated[int, Field(ge=1)]
    val: Annotated[int, Field(ge=1)]
    test: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model of the tables, and how it is trained."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    trainer: Literal["fairclip", "blip2"]
    """The command that trains it: `training.TRAINER`."""
    preset: str
    """Of that command."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Further ones of that command; the lambda of its fair term is one of them."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One of the paper's tables."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    attributes: Annotated[tuple[str, ...], Field(min_length=1)]
    """A block of rows each; the fair term compares the groups of the block's attribute."""
    models: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Those of its rows; None: all of the study."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Of `training.probe` or `training.finetune`, beside those that the study decides."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A whole study."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    data: Path
    """Folder of Harvard-FairVLMed, or of anything in its layout."""
    synthetic: Synthetic | None = None
    """What is written there where the folder is missing."""
    text_source: TextSource = "note"
    """Texts to train on."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)]
    """A run each."""
    select_on: Literal["val", "test", "last"] = "val"
    """What chooses the epoch of every run."""
    threshold: Literal["youden"] | Annotated[float, Field(gt=0, lt=1)] = "youden"
    """Of DPD and DEOdds: Youden's on validation, a run's own; or a number, 0.5 in the paper."""
    suppress_below: Annotated[int, Field(ge=0)] = 11
    """Groups of fewer people, positives or negatives are not shown; 0: all are."""
    models: Annotated[Mapping[str, Model], Field(min_length=1)]
    """By the name in the tables."""
    methods: Annotated[tuple[FairMode, ...], Field(min_length=1)]
    """Values of `--fair-mode`: none is the model without the fair term."""
    tables: Annotated[Mapping[TableName, Table], Field(min_length=1)]


def read_study(path: Path) -> Study:
    """The study of a YAML file.

    Raises:
        UsageError: it cannot be read, or says something impossible; names the line.
    """
    try:
        text = read_text(path)
        found = parse_yaml(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a YAML file with --config") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path}: expected 'setting: value' lines")
    try:
        study = TypeAdapter(Study).validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = [part for part in first["loc"] if isinstance(part, int | str)]
        message = first["msg"]
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            message = "there is no such setting"
        at = f"line {line_of(text, where)}: {'.'.join(map(str, where))}"
        raise UsageError(f"{path}, {at}: {message}") from None
    for name, values in (("seeds", study.seeds), ("methods", study.methods)):
        if len(set(values)) < len(values):
            raise UsageError(f"{path}: a value of {name} is there twice; keep one")
    for name, table in study.tables.items():
        if strange := set(table.models or ()) - set(study.models):
            known = f"no model '{sorted(strange)[0]}' (there are: {', '.join(study.models)})"
            raise UsageError(f"{path}: tables.{name}.models: {known}")
    return study
