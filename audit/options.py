"""The flags of `fair-audit`: what to audit, and what to make of the outcomes."""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from audit.beside_flags import BesideFlags
from audit.client.connection import Connection, Way
from audit.flags import CommaNames, MetricsFile
from audit.ray_cluster import check_ray
from audit.shard import Shard, ShardFlag
from audit.table_flags import TableFlags
from fairness.errors import UsageError
from fairness.statistics.settings import Settings

MOST_READERS = 64
"""Threads, each with a batch in memory."""

Compat: TypeAlias = Literal["fairclip", "fairseg", "fairfedmed"]


@dataclass(frozen=True)
class AnalysisOptions:
    """Flags that decide what is made of the outcomes; `fair-audit report` has them too."""

    intersect: CommaNames = ()
    """Crossed attributes, e.g. race*gender; several separated by commas."""
    age_bins: str = ""
    """Report by age: fairfedmed (< 60, >= 60), decades, quantile:4, or edges such as 40,60,80."""
    control: str = ""
    """Compare groups inside strata of an attribute or covariate: site, md, with bins md=-12,-6."""
    policy: Path | None = None
    """policy.yaml with margins; without it there is no verdict."""
    plan: Path | None = None
    """plan.json that fair-audit plan wrote for this policy before the data were seen."""
    strict: bool = False
    """Exit with 4 where the verdict is INCONCLUSIVE."""
    format: Literal["text", "github"] = "text"
    """github: print an annotation for every check that fails or is inconclusive, too."""
    mlflow: Annotated[str | None, tyro.conf.arg(metavar="URI")] = None
    """Also log what the report shows, and its files, to this MLflow server or folder."""
    wandb: Annotated[str | None, tyro.conf.arg(metavar="PROJECT")] = None
    """The same to this project of Weights & Biases, or ENTITY/PROJECT."""
    baseline: Path | None = None
    """Folder of an earlier run on the same split, for rules on the change."""
    compat: Annotated[Compat | None, tyro.conf.arg(metavar="fairclip|fairseg|fairfedmed")] = None
    """Print the original evaluation's numbers, quirks included, beside ours."""
    beside: tyro.conf.OmitArgPrefixes[BesideFlags] = field(default_factory=BesideFlags)
    settings: tyro.conf.OmitArgPrefixes[Settings] = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Raises UsageError where a flag needs --policy, and it is not there."""
        for name, other in (("--baseline", self.baseline), ("--compat", self.compat)):
            if self.beside.weight is not None and other is not None:
                raise UsageError(f"--weight and {name} cannot be had together; leave one out")
        needing = {
            "--strict": self.strict,
            "--plan": self.plan,
            "--baseline": self.baseline,
            "--format github": self.format == "github",
        }
        flag = next((name for name, given in needing.items() if given), None)
        if self.policy is None and flag is not None:
            raise UsageError(f"{flag} does nothing without margins; give them with --policy")


@dataclass(frozen=True)
class Options:
    """Flags of `fair-audit` itself."""

    analysis: tyro.conf.OmitArgPrefixes[AnalysisOptions]
    connection: tyro.conf.OmitArgPrefixes[Connection] = field(default_factory=Connection)
    model: str | None = None
    """Audit this model; without it, every ready model that describes itself."""
    onnx: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """In place of a server: an ONNX file, answered by ONNX Runtime in this process."""
    version: str | None = None
    """Version of --model, a number or a word; without it, the newest, or the server's choice."""
    spec: Path | None = None
    """model.yaml that describes --model, where it does not describe itself."""
    data: Path | None = None
    """Folder of the data, or a csv or parquet table; without it, data/DATASET of the model."""
    split: str = "test"
    """Which split to audit: train, val, test, or any that a table names."""
    attributes: CommaNames = ()
    """Names separated by commas, e.g. race,gender; without it, all of the dataset.

    Any npz key, or column of a csv beside the files, can be one. Of a table, columns of groups, or
    PatientSex, Manufacturer, ... of DICOM files.
    """
    threshold: str | None = None
    """A number, or a threshold.json of `fair-audit threshold`; without it, the model's own.

    Of several labels also Mass=0.3,Nodule=0.4, or 0.5,Mass=0.3: 0.5 for all others.
    With --threshold-split a rule: youden, sensitivity:0.9 or specificity:0.9.
    """
    threshold_split: str | None = None
    """Choose the threshold by that rule, of each label, on this split first, e.g. val; then audit
    --split."""
    out: Path | None = None
    """Folder of this run, or of one folder a model; without it, reports/MODEL/TIME."""
    resume: bool = False
    """Continue the run in --out, or the newest one of the model."""
    shard: ShardFlag | None = None
    """Audit the I-th of N parts only, into a folder of its own in --out; `fair-audit merge` makes
    one report of them. auto: as a task of a Slurm array, or auto/N a pod of an Indexed Job."""
    on_error: Literal["stop", "skip"] = "stop"
    """What to do about a file that cannot be read: stop, or skip it and count it in the report."""
    probes: bool = True
    """Prove with probes that the model is the exported one, or that of model.probes.json."""
    readers: Annotated[int, tyro.conf.arg(metavar="N")] = 2
    """Threads that read images from disk while others are with the server."""
    cache: Path | None = None
    """Keep decoded images in DIR/fair-audit-images, so that compressed files and pictures are
    decoded once. They are patients' images: the folder is for you alone."""
    cache_gb: Annotated[float, tyro.conf.arg(metavar="GB")] = 20.0
    """What they may take; those that were used longest ago leave."""
    index: bool = True
    """Remember what the files of a large folder say, in ~/.cache/fair-audit-triton/index (ids and
    groups, for you alone), so that they are not opened anew by the next audit."""
    engine: Literal["here", "ray"] = "here"
    """Who reads images and asks the server: this process, or workers of a Ray cluster, each with
    one connection and one reader. All must reach the data and the same --endpoint."""
    workers: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Of --engine ray."""
    ray_address: Annotated[str | None, tyro.conf.arg(metavar="HOST:PORT|auto")] = None
    """The cluster of --engine ray; without it one is started on this machine, for this run."""
    in_flight: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Batches sent and not yet answered; without it, as many as make it faster."""
    batch: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Images in a batch; without it, as many as the server takes."""
    transport: Annotated[Way, tyro.conf.arg(metavar="auto|shm|cuda|grpc")] = "auto"
    """How images go to the server: as bytes (grpc), or, where it is on this machine, through shared
    memory (shm) or memory of the first GPU (cuda: hardly tried). auto: shm where it pays."""
    retry_for: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 120.0
    """Wait so long for a server that went away in mid-run, and go on if it serves the same model.

    Counted from its first failure to the next answer; 0: end at once.
    """
    distances: bool = True
    """Of masks, also report distances between surfaces (HD95, ...), which take longest."""
    worst: Annotated[int, tyro.conf.arg(metavar="K")] = 3
    """Show so many of the worst and borderline cases of each group, in records/cases.html.

    Masks are drawn into records/worst, too.
    """
    keep_masks: bool = False
    """Keep every mask, in records/masks."""
    metrics_file: MetricsFile = None
    """Also write the numbers here, for Prometheus by node exporter's textfile collector."""
    table: tyro.conf.OmitArgPrefixes[TableFlags] = field(default_factory=TableFlags)

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        if self.cache_gb <= 0:
            raise UsageError(f"--cache-gb {self.cache_gb:g}: give a number above 0")
        if not 1 <= self.readers <= MOST_READERS:
            raise UsageError(f"--readers {self.readers}: give a number from 1 to {MOST_READERS}")
        numbers = {"--in-flight": self.in_flight, "--batch": self.batch}
        if small := [flag for flag, given in numbers.items() if given is not None and given < 1]:
            raise UsageError(f"{small[0]} must be at least 1")
        if self.worst < 0:
            raise UsageError("--worst must not be negative")
        way = "--onnx" if self.onnx is not None else "http:// or https://"
        by_grpc = self.onnx is None and not self.connection.by_rest
        if self.transport != "auto" and not by_grpc:
            raise UsageError(
                f"--transport {self.transport}: {way} has a way of its own; leave it out"
            )
        if not 0 <= self.retry_for < math.inf:
            raise UsageError(f"--retry-for {self.retry_for:g}: give seconds, 0 or more")
        if self.spec is not None and self.model is None and self.onnx is None:
            raise UsageError(f"--spec {self.spec} describes one model; name it with --model")
        if self.version is not None and self.model is None:
            raise UsageError(f"--version {self.version} is of one model; name it with --model")
        if self.onnx is not None and (self.model is not None or self.version is not None):
            raise UsageError("--onnx is a model of its own; leave out --model and --version")
        self._check_engine()
        if self.shard is not None:
            self._check_shard(self.shard)
        if self.threshold_split is not None and self.analysis.beside.threshold_runs:
            raise UsageError(
                "--threshold-runs and --threshold-split cannot be had together: audit that split "
                "in a run of its own, and give its threshold.json with --threshold"
            )
        if self.threshold_split is not None and self.threshold is None:
            raise UsageError(
                f"--threshold-split {self.threshold_split}: name the rule, too: --threshold youden"
            )

    def _check_engine(self) -> None:
        if self.engine != "ray":
            given = {"--workers": self.workers, "--ray-address": self.ray_address}
            if flag := next((name for name, value in given.items() if value is not None), None):
                raise UsageError(f"{flag} is of --engine ray; add that, or leave it out")
            return
        check_ray(self.ray_address)
        if self.workers is None or self.workers < 1:
            raise UsageError("--engine ray: say how many workers, 1 or more, with --workers")
        if self.keep_masks:
            raise UsageError("--keep-masks: workers of Ray give back numbers only; leave one out")
        encrypted = os.environ.get("RAY_USE_TLS") == "1"
        if self.ray_address is not None and self.connection.headers and not encrypted:
            raise UsageError(
                "--header goes to the workers through Ray, unencrypted; set RAY_USE_TLS=1 as Ray's "
                "guide to TLS says, or use --shard"
            )

    def _check_shard(self, shard: Shard) -> None:
        if self.out is None:
            raise UsageError(f"--shard {shard}: name one folder for all shards with --out")
        if self.metrics_file is not None:
            raise UsageError(
                f"--shard {shard}: --metrics-file is of a report, which merge writes; leave it out"
            )
        if self.threshold_split is not None:
            raise UsageError(
                f"--shard {shard}: every shard would stream --threshold-split "
                f"{self.threshold_split}; audit it first, choose with fair-audit threshold, and "
                "give its threshold.json to --threshold"
            )

    @property
    def endpoint(self) -> str:
        """Where answers come from: a server's address, or the file in its place."""
        return self.connection.endpoint if self.onnx is None else str(self.onnx)
