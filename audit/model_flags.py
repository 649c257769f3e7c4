"""Flags that name a model and its data, of the commands that ask one without reporting on it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from audit.client.connection import Connection, Way
from audit.flags import CommaNames
from audit.options import AnalysisOptions, Options
from audit.table_flags import TableFlags


@dataclass(frozen=True)
class ModelFlags:
    """Flags that `fair-audit repeat` and `fair-audit parity` share."""

    model: str | None = None
    """Name of the model on the server."""
    connection: tyro.conf.OmitArgPrefixes[Connection] = field(default_factory=Connection)
    spec: Path | None = None
    """model.yaml of a model that does not describe itself."""
    version: str | None = None
    """Of the model; without it, the newest."""
    data: Path | None = None
    """Folder of the data, or a csv or parquet table; without it, data/DATASET of the model."""
    split: str = "test"
    """Which split."""
    attributes: CommaNames = ()
    """Whose groups are told apart; without it, all of the dataset."""
    threshold: str | None = None
    """At which decisions flip; without it, the model's own."""
    transport: Annotated[Way, tyro.conf.arg(metavar="auto|shm|cuda|grpc")] = "auto"
    """How images go to the server: as for an audit."""
    retry_for: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 120.0
    """Wait so long for a server that went away in mid-run; 0: end at once."""
    table: tyro.conf.OmitArgPrefixes[TableFlags] = field(default_factory=TableFlags)

    def options(self, analysis: AnalysisOptions, *, distances: bool) -> Options:
        """The flags of an audit of this model, without probes.

        Args:
            analysis: what an audit would make of the answers.
            distances: of masks, whether surfaces are measured, too.
        """
        return Options(
            analysis=analysis,
            connection=self.connection,
            model=self.model or "",  # named elsewhere where it is not served
            spec=self.spec,
            version=self.version,
            data=self.data,
            split=self.split,
            attributes=self.attributes,
            threshold=self.threshold,
            transport=self.transport,
            retry_for=self.retry_for,
            probes=False,
            distances=distances,
            table=self.table,
        )
