"""A probe from its settings to its checkpoint: encode, fit, choose, save."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fairness.arrays import IntArray
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.reader import Split
from fairness.errors import UsageError
from fairness.outcomes import Outcomes
from training import settings
from training.backbone import open_encoder
from training.head_run import describe, open_split, save
from training.learned import require_both_classes
from training.models.classifier import Classifier
from training.models.encoder import Encoder
from training.probe.augmented import Augmented
from training.probe.config import FREE, Config
from training.probe.features import Encoded, kept_features
from training.probe.linear import fit
from training.probe.logistic import fit_logistic
from training.resume import Progress, identity_of
from training.runlog import LOG, RunLog
from training.selection import Selection
from training.starting_data import announce_data
from training.weights_digest import digest_of


def train(config: Config, folder: Path, resume: bool = False) -> Path:
    """Fit a probe, and return the folder of its checkpoint.

    Raises:
        UsageError: the settings do not fit the data, or the run that is to be resumed.
        DataError: the data are missing or unusable, or the loss diverged.
    """
    splits = {name: open_split(config, name) for name in ("train", "val")}
    if config.select_on == "test":
        splits["test"] = open_split(config, "test")
    selection = selection_of(config, splits)
    require_both_classes(splits["train"], splits["train"].labels)
    selection.check()
    encoder, said, attribute = open_encoder(config)
    weights = digest_of(encoder)
    identity = identity_of(config, FREE) | {"encoder": weights}
    identity["data"] = " ".join(split.fingerprint() for split in splits.values())
    settings.keep(config, folder)
    with RunLog(folder, first_step=0) as log:
        LOG.info(f"encoding with {said} on {encoder.device}")
        announce_data(splits["train"], splits["val"])
        selection.announce()
        encoded = {
            name: kept_features(encoder, split, folder / "features", weights)
            for name, split in splits.items()
        }
        if config.head == "logistic":
            head: nn.Module = fit_logistic(
                encoded["train"].values, encoded["train"].labels, config.c
            )
            done = selection.judge(partial(scored, head, encoded), Progress()).progress
        else:
            announce_batches(config, len(encoded["train"].ids))
            head, done = fit_head(
                config, encoder, splits["train"], encoded, selection, folder, identity, log, resume
            )
        score = partial(scored, head, encoded)
        facts = selection.facts(score(selection.val), done)
        record = describe(config, "probe", config.head, splits["val"], facts, (said, attribute))
        save(folder / "best", Classifier(encoder, head), record)
        selection.conclude(score, done, tries=-(-config.epochs // config.evaluate_every))
    return folder / "best"


def selection_of(config: Config, splits: Mapping[str, FairVLMed]) -> Selection:
    """How the epoch is chosen.

    Raises:
        UsageError: there is but one to choose from.
    """
    if config.head == "logistic":
        if config.augment:
            raise UsageError("--augment: the logistic probe is fitted in one go; leave it out")
        if config.select_on != "val":
            raise UsageError(
                f"--select-on {config.select_on}: the logistic probe is fitted in one go, without "
                "epochs to choose from; leave it out"
            )
        return Selection("only", splits["val"])
    return Selection(config.select_on, splits["val"], splits.get("test"))


def announce_batches(config: Config, n: int) -> None:
    """Log whether images are augmented, and what becomes of a split that does not fill a batch."""
    LOG.info(
        "training images are cropped and mirrored at random, and encoded anew in every epoch"
        if config.augment
        else "features are computed once, so images are not augmented; --augment does both anew"
    )
    if n < config.batch_size:
        LOG.warning(
            f"{n} samples do not fill a batch of {config.batch_size}: each step takes all of them, "
            f"and the learning rate is that of {n}"
        )


def fit_head(
    config: Config,
    encoder: Encoder,
    split: FairVLMed,
    encoded: dict[str, Encoded],
    selection: Selection,
    folder: Path,
    identity: dict[str, str],
    log: RunLog,
    resume: bool,
) -> tuple[nn.Module, Progress]:
    """The head of the kept epoch; `split` is the training one; else as `linear.fit`."""
    values = torch.from_numpy(encoded["train"].values)

    anew = Augmented(encoder, split, encoded["train"].ids, config.seed)

    def features(epoch: int, batch: IntArray) -> Tensor:
        return anew.features(epoch, batch) if config.augment else values[batch]

    def judge(head: nn.Module, done: Progress, epoch: int) -> tuple[Progress, float]:
        judged = selection.judge(partial(scored, head, encoded), done, epoch)
        return judged.progress, judged.value

    labels = torch.from_numpy(encoded["train"].labels)
    return fit(
        config, encoder.width, labels, features, judge, folder / "last", identity, log, resume
    )


def scored(head: nn.Module, encoded: dict[str, Encoded], split: Split) -> Outcomes:
    """Every usable sample of a split with its score by a head on the CPU."""
    found = encoded[split.split]
    with torch.no_grad():
        scores = torch.sigmoid(head(torch.from_numpy(found.values))[:, 0])
    return found.outcomes(split, scores.numpy().astype(np.float64))
