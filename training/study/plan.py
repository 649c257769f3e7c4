"""The runs of a study, and which of them a row of a table is made of."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from pydantic import TypeAdapter

from fairness.errors import UsageError
from training import settings
from training.blip2.config import Config as Blip2Config
from training.fairclip.config import Config as FairCLIPConfig
from training.finetune.config import Config as FinetuneConfig
from training.probe.config import Config as ProbeConfig
from training.study.config import Model, Study, TableName

AnyConfig: TypeAlias = FairCLIPConfig | Blip2Config | ProbeConfig | FinetuneConfig

TRAINERS: dict[str, type[FairCLIPConfig] | type[Blip2Config]] = {
    "fairclip": FairCLIPConfig,
    "blip2": Blip2Config,
}
HEADS: dict[TableName, tuple[str, type[ProbeConfig] | type[FinetuneConfig]]] = {
    "linear-probing": ("probe", ProbeConfig),
    "fine-tuning": ("finetune", FinetuneConfig),
}
DECIDED = ("data", "seed", "fair_mode", "attribute", "text_source", "select_on", "backbone")
"""Settings that are the study's."""


@dataclass(frozen=True)
class Run:
    """One training, export and audit."""

    name: str
    """In words that can be a folder's name."""
    command: str
    """`training.COMMAND` trains it."""
    config: AnyConfig
    """All settings but the backbone, which is `after`."""
    key: str
    """Tells it from a run of other settings, data or backbone."""
    after: "Run | None" = None
    """Whose encoder it starts from."""

    @property
    def folder(self) -> str:
        """Of the run, below that of the study."""
        return f"{self.name}-{self.key[:8]}"


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    table: TableName
    attribute: str
    label: str
    runs: tuple[Run, ...]
    """In the order of the seeds."""
    against: str = ""
    """Label of the row without the fair term that it is compared with; empty for none."""


def plan(study: Study, source: Path, data_sha256: str) -> tuple[Row, ...]:
    """All rows, in the order of the tables.

    Args:
        study: as read.
        source: its file, for errors.
        data_sha256: of the three splits.

    Raises:
        UsageError: a setting of a trainer is unknown or impossible.
    """
    planner = _Planner(study, source, data_sha256)
    rows: list[Row] = []
    for table, wanted in study.tables.items():
        for attribute in wanted.attributes:
            for label in wanted.models or study.models:
                rows += planner.rows(table, attribute, label, study.models[label])
    return tuple(rows)


def runs_of(rows: tuple[Row, ...]) -> tuple[Run, ...]:
    """Every run once, each behind the one whose encoder it takes."""
    found: dict[str, Run] = {}
    for row in rows:
        for run in row.runs:
            for one in (run.after, run):
                if one is not None:
                    found.setdefault(one.key, one)
    return tuple(found.values())


@dataclass(frozen=True)
class _Planner:
    study: Study
    source: Path
    data_sha256: str

    def rows(self, table: TableName, attribute: str, label: str, model: Model) -> list[Row]:
        """The rows of a model in a block of a table; BLIP-2 has none before it is trained."""
        found = []
        if table == "linear-probing" and model.trainer == "fairclip":
            runs = [self.head(table, label, seed, model, None) for seed in self.study.seeds]
            found.append(Row(table, attribute, label, tuple(runs)))
        tuned = "-FT" if table == "linear-probing" else ""
        for mode in self.study.methods:
            name = f"{label}{tuned}" if mode == "none" else f"Fair{label}{tuned}"
            name += "" if mode in ("none", "paper") else f" ({mode})"
            trained = [
                self.encoder(label, model, mode, attribute, seed) for seed in self.study.seeds
            ]
            if table != "zero-shot":
                seeds = zip(self.study.seeds, trained, strict=True)
                trained = [self.head(table, run.name, seed, model, run) for seed, run in seeds]
            compared = mode != "none" and "none" in self.study.methods
            against = f"{label}{tuned}" if compared else ""
            found.append(Row(table, attribute, name, tuple(trained), against))
        return found

    def encoder(self, label: str, model: Model, mode: str, attribute: str, seed: int) -> Run:
        """The training of a model; without the fair term it is the same for all attributes."""
        study = self.study
        where = f"models.{label}.settings"
        values = dict(model.settings) | {"fair_mode": mode, "text_source": study.text_source}
        values |= {"attribute": attribute} if mode != "none" else {}
        config = self.config(model.trainer, TRAINERS[model.trainer], model, values, seed, where)
        parts = [label, mode, *([attribute] if mode != "none" else []), f"seed{seed}"]
        return self.run("-".join(parts), model.trainer, config, None)

    def head(self, table: TableName, base: str, seed: int, model: Model, after: Run | None) -> Run:
        """A head on an encoder as it was trained, or, without one, as the model starts."""
        command, kind = HEADS[table]
        values = dict(self.study.tables[table].settings)
        if after is None and "weights" in model.settings:
            values["weights"] = model.settings["weights"]
        where = f"tables.{table}.settings"
        config = self.config(command, kind, model, values, seed, where)
        name = f"{base}-start-seed{seed}" if after is None else base
        return self.run(f"{name}-{command}", command, config, after)

    def config(
        self,
        command: str,
        kind: type[settings.S],
        model: Model,
        values: Mapping[str, object],
        seed: int,
        where: str,
    ) -> settings.S:
        """Settings of a command: its own file's, then `values`, then the study's."""
        source = f"{self.source}, {where}"
        asked = (*model.settings, *(values if where.startswith("tables") else ()))
        if taken := [key for key in asked if key in DECIDED]:
            raise UsageError(f"{source}: {taken[0]} is decided by the study; leave it out")
        file = settings.CONFIGS / f"{command}.yaml"
        try:
            defaults = settings.read(kind, file, model.preset, model.preset)
        except UsageError as error:
            raise UsageError(f"{self.source}: a model's preset does not fit: {error}") from None
        decided = {"data": self.study.data, "seed": seed, "select_on": self.study.select_on}
        return settings.validate(kind, asdict(defaults) | dict(values) | decided, source)

    def run(self, name: str, command: str, config: AnyConfig, after: Run | None) -> Run:
        """The run with its key."""
        plain = TypeAdapter(type(config)).dump_python(config, mode="json")
        plain.pop("data")
        study = self.study
        content = json.dumps(
            [
                *(command, plain, self.data_sha256, after.key if after else ""),
                *(study.threshold, study.suppress_below),
            ],
            sort_keys=True,
        )
        key = hashlib.sha256(content.encode()).hexdigest()
        return Run(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"), command, config, key, after)
