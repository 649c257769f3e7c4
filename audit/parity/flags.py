"""The flags of `fair-audit parity`, and the audits of both sides that they mean."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import tyro

from audit.flags import CommaNames
from audit.model_flags import ModelFlags
from audit.options import AnalysisOptions, Options
from audit.table_flags import is_table
from fairness.errors import UsageError
from fairness.statistics.settings import Settings


@dataclass(frozen=True)
class ParityOptions:
    """Flags of `fair-audit parity`."""

    flags: tyro.conf.OmitArgPrefixes[ModelFlags] = field(default_factory=ModelFlags)
    onnx: Path | None = None
    """In place of --model and a server: an ONNX file, answered by ONNX Runtime in this process."""
    checkpoint: Path | None = None
    """As the reference: folder of a training run, whose best checkpoint answers in torch."""
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
    intersect: CommaNames = ()
    """Crossed attributes, e.g. race*gender."""
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

    def __post_init__(self) -> None:
        """Raises UsageError unless numbers are in range, and one model and one reference named."""
        if not all(0 <= limit < np.inf for limit in (self.tolerance, self.flips, self.change)):
            raise UsageError("--tolerance, --flips and --change are numbers from 0 on")
        if (self.flags.model is None) == (self.onnx is None):
            raise UsageError("name what is judged: --model on a server, or --onnx FILE")
        if self.onnx is not None and self.flags.version is not None:
            raise UsageError("--version is of a served model; leave it out beside --onnx")
        references = (self.reference, self.checkpoint, self.against_served)
        if sum(map(bool, references)) != 1:
            raise UsageError(
                "name one reference: --checkpoint RUN of a training run, --reference FOLDER of a "
                "stored one, or --against-model, --against-endpoint or --against-version of a "
                "served model"
            )
        if self.checkpoint is not None and is_table(self.flags.data):
            raise UsageError(
                "--checkpoint answers data in the layout of its data set; name their folder with "
                "--data, or hold a table to an earlier run with --reference"
            )
        if self.onnx is not None and self.against_served and self.against_model is None:
            raise UsageError("--onnx: name the served reference with --against-model")

    @property
    def against_served(self) -> bool:
        """Whether the reference is a served model."""
        return any(
            (self.against_endpoint, self.against_model, self.against_version, self.against_spec)
        )


def audit_options(options: ParityOptions) -> Options:
    """The same flags as those of an audit of the judged model."""
    analysis = AnalysisOptions(intersect=options.intersect, settings=options.settings)
    return options.flags.options(analysis, distances=False)


def reference_options(options: ParityOptions) -> Options:
    """The same flags as those of an audit of the served reference."""
    flags = options.flags
    endpoint = options.against_endpoint or flags.connection.endpoint
    return replace(
        audit_options(options),
        connection=replace(flags.connection, endpoint=endpoint),
        model=options.against_model or flags.model,
        spec=options.against_spec or flags.spec,
        version=options.against_version,
    )
