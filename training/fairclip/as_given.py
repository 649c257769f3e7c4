"""A run of no epochs: weights as they are become a checkpoint that export takes.

So a checkpoint of FairCLIP's authors, or OpenAI's CLIP itself, is served and audited.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fairness.errors import UsageError
from fairness.metrics.classification import auc
from training import checkpoint, settings
from training.fairclip.config import Config
from training.fairclip.train import announce, build, describe, open_split
from training.fairclip.validation import scored
from training.kept import Kept
from training.learned import auc_limits, say_auc
from training.resume import Progress
from training.runlog import LOG, RunLog
from training.selection import Selection


def keep_as_given(config: Config, folder: Path) -> Path:
    """Score validation with pretrained weights, choose the threshold, and write the checkpoint.

    The training split is not opened. The record names no fair term, as none was trained here.

    Returns:
        The folder of the checkpoint.

    Raises:
        UsageError: no weights are named, or they cannot be used.
        DataError: the validation split is missing, unusable, or of one class.
    """
    if config.weights is None:
        raise UsageError("--epochs 0 keeps pretrained weights as they are: name them by --weights")
    if config.processes != 1:
        raise UsageError("--epochs 0 trains nothing: leave --processes out")
    val = open_split(config, "val")
    selection = Selection("val", val)
    selection.check()
    model, _ = build(config)
    settings.keep(config, folder)
    with RunLog(folder, first_step=0):
        announce(config, model)
        outcomes = scored(model, val, Kept(0))
        value = float(auc(outcomes.target, outcomes.score))
        threshold, selected = selection.facts(outcomes, Progress(best=value))
        record = describe(config, val, threshold, replace(selected, rule="only"))
        record = replace(record, fair_mode="none")
        best = folder / "best"
        checkpoint.save(best, model.state_dict(), model.towers.config.to_dict(), record)
        LOG.info("nothing was trained: the weights are kept as they were given")
        limits = auc_limits(outcomes.target, outcomes.score, np.array(outcomes.patients), 1)
        say_auc(value, limits, 1, "set of weights")
    return best
