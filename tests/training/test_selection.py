"""Which epoch `--select-on` keeps, and what is recorded and said of the choice."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from fairness.arrays import IntArray
from fairness.contract import SelectedOn
from fairness.datasets.reader import Split
from fairness.errors import DataError
from fairness.metrics.classification import auc
from fairness.outcomes import Outcomes
from training.resume import Progress
from training.selection import Selection, SelectOn

LABELS = np.arange(40) % 2


@dataclass
class Named:
    """What `Selection` asks of a split."""

    split: str
    labels: IntArray
    root: str = "data"
    target: str = "glaucoma"

    def fingerprint(self) -> str:
        return f"sha of {self.split}"


VAL, TEST = (cast(Split, Named(name, LABELS)) for name in ("val", "test"))
QUALITY = {"val": (0.2, 1.2, 0.6, 0.4), "test": (0.3, 0.5, 1.5, 0.1)}
"""Of each epoch: how far its scores of positives lie above the others."""


def scored_in(epoch: int) -> Callable[[Split], Outcomes]:
    def score(split: Split) -> Outcomes:
        noise = np.random.default_rng(1).normal(size=40)
        ids = tuple(map(str, range(40)))
        shifted = noise + QUALITY[split.split][epoch - 1] * LABELS
        return Outcomes(
            ids=ids,
            patients=ids,
            target=LABELS,
            score=1 / (1 + np.exp(-shifted)),
            attributes=(),
            codes={},
            covariates={},
        )

    return score


def kept_by(on: SelectOn) -> tuple[Progress, SelectedOn]:
    selection, done, kept = Selection(on, VAL, TEST), Progress(), None
    for epoch in (1, 2, 3, 4):
        judged = selection.judge(scored_in(epoch), done)
        done, kept = judged.progress, judged.kept or kept
    assert kept is not None
    threshold, selected = kept
    assert (threshold.split, threshold.split_sha256) == ("val", "sha of val")
    return done, selected


@pytest.mark.parametrize(
    ("on", "epoch", "split", "rule", "optimistic"),
    [("val", 2, "val", "best", False), ("test", 3, "test", "best", True),
     ("last", 4, "val", "last", False)],
)  # fmt: skip
def test_the_epoch_that_fairclip_keeps_is_the_one_selected_on(
    on: SelectOn, epoch: int, split: str, rule: str, optimistic: bool
) -> None:
    done, selected = kept_by(on)
    outcomes = scored_in(epoch)(cast(Split, Named(split, LABELS)))
    assert selected == SelectedOn(
        split=split,
        epoch=epoch,
        value=float(auc(outcomes.target, outcomes.score)),
        rule=rule,  # type: ignore[arg-type]  # of the table above
        split_sha256=f"sha of {split}",
    )
    assert (done.epochs, done.best_epoch, done.best) == (4, epoch, selected.value)
    assert selected.tells_of("test", "sha of test") is optimistic


def test_of_equal_epochs_the_first_stays() -> None:
    selection, score = Selection("val", VAL), scored_in(2)
    first = selection.judge(score, Progress())
    again = selection.judge(score, first.progress)
    assert again.kept is None
    assert (again.progress.epochs, again.progress.best_epoch) == (2, 1)


@pytest.mark.parametrize(
    ("on", "level", "said"),
    [("test", logging.WARNING, "chosen on the split that is reported"),
     ("last", logging.INFO, "the last epoch is kept")],
)  # fmt: skip
def test_an_unusual_choice_is_said(
    on: SelectOn, level: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "training"):
        Selection("val", VAL).announce()
        Selection(on, VAL, TEST).announce()
    (record,) = caplog.records
    assert record.levelno == level
    assert said in record.getMessage()


def test_the_kept_epoch_and_its_split_are_said_at_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "training"):
        Selection("test", VAL, TEST).conclude(
            scored_in(3), Progress(epochs=4, best_epoch=3, best=0.8)
        )
        Selection("last", VAL).conclude(scored_in(4), Progress(epochs=4, best_epoch=4, best=0.6))
    text = caplog.text
    assert "kept epoch 3, selected on test: test AUC 0.800" in text
    assert "as the best of 4 epochs" in text.split("kept epoch 4")[0]
    assert "kept epoch 4, the last: validation AUC 0.600" in text
    assert "as the best of" not in text.split("kept epoch 4")[1]


def test_a_test_split_of_one_class_cannot_choose() -> None:
    one = cast(Split, Named("test", np.zeros(40, dtype=np.int64)))
    with pytest.raises(DataError, match="0 for all 40 images of the test split"):
        Selection("test", VAL, one).check()


def test_a_description_tells_of_its_split_by_fingerprint_else_by_name() -> None:
    stated = SelectedOn(split="val", epoch=1, value=0.5, split_sha256="ab")
    assert stated.tells_of("test", "ab")
    assert not stated.tells_of("val", "cd")
    assert SelectedOn(split="test", epoch=1, value=0.5).tells_of("test", "cd")
    assert "fitted once" in SelectedOn(split="val", epoch=1, value=0.5, rule="only").said()
