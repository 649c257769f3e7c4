"""The flags of `fair-audit parity`, and the audits of both sides that they mean."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import tyro

from audit.client.connection import Connection
from audit.flags import CommaNames
from audit.options import AnalysisOptions, Options
from audit.table_flags import TableFlags
from fairness.errors import UsageError
from fairness.statistics.settings import Settings


@dataclass(frozen=True)
class ParityOptions:
    """Flags of `fair-audit parity`."""

    model: str
    """Name of the served model that is judged."""
    connection: tyro.conf.OmitArgPrefixes[Connection] = field(default_factory=Connection)
    spec: Path | None = None
    """model.yaml of a model that does not describe itself."""
    version: str | None = None
    """Of the model; without it, the newest."""
    against_endpoint: str | None = None
    """Server of the reference; without it, the same. TLS and headers are those of --endpoint."""
    against_model: str | None = None
    """Served reference; without it, a model of the same name."""
    against_spec: Path | None = None
    """model.yaml of the served reference; without it, --spec."""
    against_version: str | None = None
    """Of the served reference."""
    reference: Path | None = None
    """In place of a served reference: folder of a run, which has records/outcomes.parquet."""
    data: Path | None = None
    """Folder of the data, or a csv or parquet table; without it, data/DATASET of the model."""
    split: str = "test"
    """Which split."""
    attributes: CommaNames = ()
    """Whose groups are told apart; without it, all of the dataset."""
    intersect: CommaNames = ()
    """Crossed attributes, e.g. race*gender."""
    threshold: str | None = None
    """At which decisions of both sides flip; without it, that of --model."""
    tolerance: float = 1e-3
    """Largest difference of a score, or of the Dice coefficient of a mask, that passes."""
    flips: float = 0.01
    """Share of the decisions of a group that may flip, 0 to 1."""
    change: float = 0.05
    """Of a number of a group: its whole joint interval must lie within plus and minus this."""
    metrics: CommaNames = ()
    """Numbers whose changes are judged; without it, AUC, selection rate, TPR and FPR, or Dice."""
    strict: bool = False
    """Exit with 4 where the verdict is INCONCLUSIVE."""
    out: Path = Path("reports/parity")
    """Folder to write parity.html and parity.json into."""
    settings: tyro.conf.OmitArgPrefixes[Settings] = field(default_factory=Settings)
    table: tyro.conf.OmitArgPrefixes[TableFlags] = field(default_factory=TableFlags)

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range, or not one reference is named."""
        if not all(0 <= limit < np.inf for limit in (self.tolerance, self.flips, self.change)):
            raise UsageError("--tolerance, --flips and --change are numbers from 0 on")
        served = (
            self.against_endpoint, self.against_model, self.against_version, self.against_spec
        )  # fmt: skip
        if (self.reference is None) == (not any(served)):
            raise UsageError(
                "name one reference: --reference FOLDER of a stored run, or --against-model, "
                "--against-endpoint or --against-version of a served one"
            )


def audit_options(options: ParityOptions) -> Options:
    """The same flags as those of an audit of the judged model."""
    return Options(
        analysis=AnalysisOptions(intersect=options.intersect, settings=options.settings),
        connection=options.connection,
        model=options.model,
        spec=options.spec,
        version=options.version,
        data=options.data,
        split=options.split,
        attributes=options.attributes,
        threshold=options.threshold,
        probes=False,
        distances=False,
        table=options.table,
    )


def reference_options(options: ParityOptions) -> Options:
    """The same flags as those of an audit of the served reference."""
    endpoint = options.against_endpoint or options.connection.endpoint
    return replace(
        audit_options(options),
        connection=replace(options.connection, endpoint=endpoint),
        model=options.against_model or options.model,
        spec=options.against_spec or options.spec,
        version=options.against_version,
    )
