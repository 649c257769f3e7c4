"""Many simulated test sets at once, measured as one `Sampled` whose cells are sets of people.

Values and variances are those of `fairness/statistics/sampled.py`, by sorting whole blocks; a test
holds them against it. Every person has one image, and no two scores tie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.design.draws import Frame
from audit.design.wanted import AUC, THRESHOLD, Wanted, WantedScores
from fairness.arrays import BoolArray, FloatArray, IntArray
from fairness.mask_scores import mask_measures
from fairness.metrics.classification import SHARES
from fairness.statistics.binary import AMONG, COUNTED, METRICS
from fairness.statistics.measures import Measures
from fairness.statistics.sampled import Sampled
from fairness.statistics.settings import Settings


@dataclass(frozen=True)
class Block:
    """B test sets, each of the n people of a frame."""

    frame: Frame
    wanted: Wanted
    y: IntArray
    """(B, n) of 0/1; of masks (B, 0)."""
    score: FloatArray
    masks: dict[str, FloatArray]
    """Name to scores (B, n); empty of a classifier."""

    def __len__(self) -> int:
        return len(self.y)

    def measures(self, draw: int) -> Measures:
        """What is measured of one of the test sets."""
        if self.masks:
            return mask_measures({name: scores[draw] for name, scores in self.masks.items()})
        summaries, metrics = self.wanted.summaries, self.wanted.metrics
        y, score = self.y[draw], self.score[draw]
        return WantedScores(y, score, THRESHOLD, summaries=summaries, wanted=metrics)


@dataclass(frozen=True)
class Sets:
    """S sets of people in each of B test sets, measured: cell b S + s is set s of test set b."""

    sampled: Sampled
    number: int
    """S."""
    ordinary: BoolArray
    """(B,) whether every set is large enough to be shown and tested, and divided by the threshold.
    """

    def cells(self, place: int) -> IntArray:
        """(B,) cells of one of the sets."""
        return np.arange(len(self.ordinary)) * self.number + place


def block_of(frame: Frame, wanted: Wanted, draws: int, rng: np.random.Generator) -> Block:
    """New test sets, one after another."""
    if frame.design.of_masks:
        sets = [frame.of_masks(rng) for _ in range(draws)]
        masks = {name: np.stack([one[name] for one in sets]) for name in sets[0]}
        return Block(frame, wanted, np.zeros((draws, 0), np.int64), np.zeros((draws, 0)), masks)
    pairs = [frame.classified(rng) for _ in range(draws)]
    y, score = (np.stack(side) for side in zip(*pairs, strict=True))
    return Block(frame, wanted, y, score, {})


def sets_of(block: Block, columns: Sequence[IntArray], settings: Settings) -> Sets:
    """Sets of people, by their columns, of every test set."""
    measured = of_masks if block.masks else of_scores
    return measured(block, columns, settings)


def of_scores(block: Block, columns: Sequence[IntArray], settings: Settings) -> Sets:
    """Shares and AUCs of a classifier."""
    shape = (len(block), len(columns), len(METRICS))
    values, variance, trials = (np.full(shape, np.nan) for _ in range(3))
    classes = np.zeros((2, len(block), len(columns)))
    divided = np.ones(len(block), dtype=bool)
    shares = [m for m, name in enumerate(SHARES) if name in block.wanted.metrics]
    for s, chosen in enumerate(columns):
        y, score = block.y[:, chosen] == 1, block.score[:, chosen]
        over = score >= THRESHOLD
        table = np.stack([(y & over), (~y & over), (y & ~over), (~y & ~over)]).sum(2).T
        classes[:, :, s] = table[:, [1, 3]].sum(1), table[:, [0, 2]].sum(1)
        divided &= (over.any(1)) & ~over.all(1)
        trials[:, s] = len(chosen)
        for m in shares:
            trials[:, s, m] = table @ AMONG[m]
            values[:, s, m] = divide(table @ COUNTED[m], trials[:, s, m])
        if "auc" in block.wanted.metrics:
            values[:, s, AUC], variance[:, s, AUC] = aucs(y, score)
    return Sets(
        joined(block.measures(0), settings, values, variance, trials, classes),
        len(columns),
        divided & large(block, classes, trials[:, :, shares], settings),
    )


def of_masks(block: Block, columns: Sequence[IntArray], settings: Settings) -> Sets:
    """Means of scores of cases, and shares of cases in their tails."""
    measures = mask_measures({name: scores.ravel() for name, scores in block.masks.items()})
    cases = measures.case_values(np.arange(measures.scores[0].values.size))
    cases = cases.reshape(len(cases), len(block), -1)
    n = np.array([len(chosen) for chosen in columns], dtype=np.float64)
    values = np.stack([cases[:, :, chosen].mean(2) for chosen in columns], axis=-1).T
    variance = np.stack([cases[:, :, chosen].var(2, ddof=1) for chosen in columns], axis=-1).T
    values, variance = (np.moveaxis(x, 0, 1) for x in (values, variance))  # (B, S, M)
    trials = np.broadcast_to(n[:, None], values.shape)
    classes = np.broadcast_to(n, (2, len(block), len(columns)))
    return Sets(
        joined(measures, settings, values, variance / n[:, None], trials, classes),
        len(columns),
        large(block, classes, trials, settings),
    )


def joined(
    measures: Measures,
    settings: Settings,
    values: FloatArray,
    variance: FloatArray,
    trials: FloatArray,
    classes: FloatArray,
) -> Sampled:
    """One `Sampled` of (B, S, M) numbers; `classes` (2, B, S)."""
    flat = (-1, values.shape[-1])
    cells = values.shape[0] * values.shape[1]
    return Sampled(
        measures=measures,
        settings=settings,
        rows=(),
        values=values.reshape(flat),
        replicates=np.zeros((0, 0, 0), dtype=np.float32),
        variance=variance.reshape(flat),
        closed=np.ones((cells, flat[1]), dtype=bool),
        trials=trials.reshape(flat),
        patients=trials.reshape(flat),
        classes=classes.reshape(2, -1),
        clustered=np.zeros(cells, dtype=bool),
        people=np.zeros((2, cells), dtype=np.int64),
    )


def large(block: Block, classes: FloatArray, trials: FloatArray, settings: Settings) -> BoolArray:
    """(B,) whether no set is hidden, or too small to infer from."""
    least = max(settings.inferential_from, 1)
    shown = settings.suppress_below if block.masks else settings.least_of_class
    enough = (classes >= max(least, shown)).all((0, 2)) & (trials >= least).all((1, 2))
    people = classes[0] if block.masks else classes.sum(0)
    return np.asarray(enough & (people >= settings.suppress_below).all(1))


def aucs(y: BoolArray, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(B,) AUCs and their variances (DeLong), of truth and scores (B, m) without ties."""
    order = np.argsort(score, axis=1)
    positive = np.take_along_axis(y, order, axis=1)
    below = np.cumsum(~positive, axis=1)  # negatives up to each case
    under = np.cumsum(positive, axis=1)
    negatives, positives = (x[:, -1].astype(np.float64) for x in (below, under))
    won = divide(np.where(positive, below, 0).sum(1), negatives * positives)
    squares = (
        divide((np.where(positive, below, 0.0) ** 2).sum(1), negatives**2),
        divide((np.where(positive, 0.0, under) ** 2).sum(1), positives**2),
    )
    of_positives = divide(squares[0] - positives * won**2, positives * (positives - 1))
    of_negatives = divide(squares[1] - negatives * (1 - won) ** 2, negatives * (negatives - 1))
    return won, np.maximum(of_positives + of_negatives, 0.0)


def divide(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Elementwise, NaN where `bottom` is 0."""
    found = np.full(np.shape(top), np.nan)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return found
