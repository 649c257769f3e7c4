"""Which epoch is kept: the best on validation, the best on test, or the last (`--select-on`).

Choosing on the test split, as the released FairCLIP does, makes every number on that split
optimistic. The threshold is chosen on validation in any case.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from fairness.contract import SelectedOn, Threshold
from fairness.datasets.reader import Split
from fairness.metrics.classification import auc
from fairness.outcomes import Outcomes
from fairness.youden import youden_threshold
from training.learned import auc_limits, require_both_classes, say_auc
from training.resume import Progress
from training.runlog import LOG

SelectOn: TypeAlias = Literal["val", "test", "last"]
"""Split whose AUC chooses the epoch, or `last` for no choice."""

Score: TypeAlias = Callable[[Split], Outcomes]
"""Every sample of a split with the score of the model as it is now."""


@dataclass(frozen=True)
class Judged:
    """An epoch, scored."""

    progress: Progress
    """With this epoch."""
    value: float
    """Its AUC on the split that chooses."""
    kept: tuple[Threshold, SelectedOn] | None
    """For the record of its checkpoint; None where an earlier epoch stays."""


@dataclass(frozen=True)
class Selection:
    """How the epoch of a run is chosen."""

    on: SelectOn | Literal["only"]
    """`only` of a model that is fitted in one go."""
    val: Split
    test: Split | None = None
    """Needed, and opened, only where the choice is made on it."""

    @property
    def split(self) -> Split:
        """The split whose AUC is looked at after each epoch."""
        return self.test if self.on == "test" and self.test is not None else self.val

    def check(self) -> None:
        """Refuse splits by which no epoch could be judged.

        Raises:
            DataError: a split has one class only.
        """
        for split in (self.val, self.split):
            if split.labels is not None:
                require_both_classes(split, split.labels)

    def announce(self) -> None:
        """Log the choice, where it is not the usual one."""
        if self.on == "test":
            LOG.warning(
                "--select-on test: the epoch is chosen on the split that is reported, so its "
                "numbers will be better than new patients' are; leave it out to choose on val"
            )
        if self.on == "last":
            LOG.info("--select-on last: the last epoch is kept, whatever its validation AUC")

    def judge(self, score: Score, done: Progress, epoch: int | None = None) -> Judged:
        """Score the model after an epoch, and say whether it is the one to keep.

        Of equally good epochs the first one stays.

        Args:
            score: of the model after the epoch.
            done: progress before the epoch.
            epoch: its number, where not every epoch is judged; else the next one.

        Raises:
            DataError: a score is not finite.
        """
        outcomes, epoch = score(self.split), done.epochs + 1 if epoch is None else epoch
        value = float(auc(outcomes.target, outcomes.score))
        if not self._keeps_all and value <= done.best:
            return Judged(replace(done, epochs=epoch), value, None)
        progress = Progress(epochs=epoch, best_epoch=epoch, best=value)
        judged = outcomes if self.split is self.val else score(self.val)
        return Judged(progress, value, self.facts(judged, progress))

    def facts(self, val: Outcomes, done: Progress) -> tuple[Threshold, SelectedOn]:
        """What the record of the kept epoch says; `val` is validation as this epoch scores it."""
        threshold = Threshold(
            value=youden_threshold(val.target, val.score),
            rule="youden",
            split=self.val.split,
            split_sha256=self.val.fingerprint(),
        )
        selected = SelectedOn(
            split=self.split.split,
            epoch=done.best_epoch,
            value=done.best,
            rule=self.on if self.on in ("last", "only") else "best",
            split_sha256=self.split.fingerprint(),
        )
        return threshold, selected

    def conclude(self, score: Score, done: Progress, tries: int | None = None) -> None:
        """Log what was selected, and whether the scores of the kept model tell anything.

        Args:
            score: of the kept model.
            done: progress at the end.
            tries: judged epochs, where not all of them were.
        """
        chosen = f"the {self.on}" if self._keeps_all else f"selected on {self.split.split}"
        LOG.info(f"kept epoch {done.best_epoch}, {chosen}: {self.named} AUC {done.best:.3f}")
        outcomes = score(self.split)
        tries = 1 if self._keeps_all else tries or done.epochs
        limits = auc_limits(outcomes.target, outcomes.score, np.array(outcomes.patients), tries)
        say_auc(done.best, limits, tries, "epochs", self.named)

    @property
    def _keeps_all(self) -> bool:
        return self.on in ("last", "only")

    @property
    def named(self) -> str:
        """The split in words."""
        return "test" if self.on == "test" else "validation"
