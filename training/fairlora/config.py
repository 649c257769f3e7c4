"""Settings of a federated run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from fairness.datasets.catalogue import Modality, dataset_of
from fairness.errors import UsageError
from training.fairlora.aggregation import Rule
from training.gpu import has_gpu
from training.settings import DATA

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Amount = Annotated[float, Field(ge=0)]
Dataset: TypeAlias = Literal["fairfedmed-slo", "fairfedmed-oct", "fairfedmed-chest"]
Method: TypeAlias = Literal[
    "fairlora", "fedavg", "fedprox", "promptfl", "fedotp", "lora", "svlora", "local", "centralised"
]


FREE = (
    "data", "on_error", "state", "engine", "weights", "threads", "cache_mb", "round_timeout",
    "connect_timeout",
)  # fmt: skip
"""Settings that may change while a run is continued; the data themselves may not."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a run; the defaults are those of the paper's released scripts."""

    preset: Literal["auto", "tiny", "vit-b16", "rn50"] = "auto"
    """Architecture; auto: vit-b16 where there is a GPU, else tiny."""
    method: Method = "fairlora"
    """FairLoRA, or a baseline."""
    engine: Literal["simulation", "in-process"] = "simulation"
    """Sites as processes of Flower's simulation, or one after the other in this process."""
    weights: str | None = None
    """File, folder or hub name of pretrained weights; None: random."""
    dataset: Dataset = "fairfedmed-slo"
    """Name of the data set."""
    data: Path | None = None
    """Folder of the data set; None: data/DATASET, filled with synthetic data if missing."""
    sites: tuple[str, ...] = ()
    """Names of the sites in the order of their partitions; none: all that the data hold."""
    target: str | None = None
    """0/1 key to predict; None: the data set's own."""
    squash: Count = 224
    """Side to which the images of fairfedmed-chest, which vary in size, are brought."""
    on_error: Literal["stop", "skip"] = "stop"
    """At an unusable file: stop, or leave it out."""
    attribute: str = "race"
    """Attribute whose groups the adapters tell apart."""
    unknown: Literal["drop", "keep"] = "drop"
    """Training samples whose group is unknown: left out, or under the mean of all groups."""
    rounds: Count = 50
    """Federated rounds."""
    fraction: Share | None = None
    """Share of the sites that train in a round; all do in the first one. None: as the authors,
    0.8 for eyes, 1.0 for chests."""
    batch_size: Count = 32
    """Samples in a step; the last batch of an epoch may be smaller."""
    steps_per_batch: Literal[1, 2] = 1
    """Optimiser steps with one gradient; the released code makes 2."""
    lr: Annotated[float, Field(gt=0)] = 1e-3
    """SGD's learning rate; constant."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """SGD's momentum; starts anew in every round."""
    weight_decay: Amount = 5e-4
    """SGD's L2 penalty."""
    fairness_lambda: Amount = 0.0
    """Weight of the term on the differences between the groups' confidence."""
    mu: Amount = 0.5
    """FedProx: weight of half the squared distance from the global model."""
    lam: Share = 0.7
    """Weight of a sample's own group in its row of S; 1: no other group counts."""
    rank: Count = 12
    """Rank of the adapters."""
    alpha: Annotated[float, Field(gt=0)] = 2.0
    """Their scale is alpha / rank."""
    s_weighting: Literal["group_counts", "client_size"] = "group_counts"
    """Weight of a site in a group's row of S: its share of the group, or of all samples."""
    shared_half: bool = True
    """The first half of S is the same for all groups."""
    ema_beta: Annotated[float, Field(ge=0, lt=1)] = 0.999
    """Round t of T keeps the share ema_beta * t / T of the old model."""
    min_group: Annotated[int, Field(ge=0)] = 10
    """A site reports fewer samples of a group as none, and does not send their row of S."""
    round_timeout: Annotated[float, Field(gt=0)] = 3600.0
    """Seconds until a round goes on without the sites that have not answered."""
    connect_timeout: Annotated[float, Field(gt=0)] = 600.0
    """Seconds to wait for every site before the first round."""
    state: Path | None = None
    """Folder in which sites keep their local prompts (fedotp); None: in that of the run."""
    threads: Count = 1
    """CPU threads of a site; the same number gives the same bits."""
    cache_mb: Annotated[int, Field(ge=0)] = 512
    """Memory for a site's images; where a split needs more, they are read at each use."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Seed of random weights, of the order of samples and of the choice of sites."""

    @property
    def root(self) -> Path:
        """Folder of the data set; by default the one that `fair-audit` looks in, too."""
        return self.data or DATA / self.dataset

    @property
    def modality(self) -> Modality:
        """SLO fundus images, OCT volumes or chest radiographs."""
        return dataset_of(self.dataset).modality

    @property
    def shape(self) -> tuple[int, int] | None:
        """(H, W) to which radiographs are squashed; None: images keep their shape."""
        return (self.squash, self.squash) if self.modality == "chest" else None

    @property
    def pooled(self) -> bool:
        """Whether one client holds the data of all `sites`."""
        return self.method in ("local", "centralised")

    @property
    def clients(self) -> int:
        """Number of clients, once `sites` is filled in."""
        return 1 if self.pooled else len(self.sites)

    @property
    def chosen(self) -> int:
        """Number of clients that train in a round after the first."""
        share = self.fraction or (1.0 if self.modality == "chest" else 0.8)
        return max(int(share * self.clients), 1)

    @property
    def grouped(self) -> bool:
        """Whether sites report their group counts, by which the rows of S are averaged."""
        return self.method == "fairlora"

    def rule(self) -> Rule:
        """Settings of the aggregation; only FairLoRA keeps a running mean over rounds."""
        if not self.grouped:
            return Rule(s_weighting="client_size", shared_half=False, ema_beta=0.0)
        return Rule(
            s_weighting=self.s_weighting, shared_half=self.shared_half, ema_beta=self.ema_beta
        )

    def check(self) -> None:
        """Refuse what makes no sense together.

        Raises:
            UsageError: `local` without exactly one site, or a site named twice.
        """
        if self.method == "local" and len(self.sites) != 1:
            raise UsageError("--method local trains one site alone: name it with --sites")
        if len(set(self.sites)) < len(self.sites):
            raise UsageError(f"a site is named twice: {', '.join(self.sites)}")


def auto_preset() -> str:
    """The preset that `auto` means on this machine."""
    return "vit-b16" if has_gpu() else "tiny"
