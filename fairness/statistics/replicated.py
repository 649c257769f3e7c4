"""Replicates of sets of cases: case by case, or from bins of scores where a set is large."""

from collections.abc import Callable, Sequence
from typing import TypeAlias
from zlib import crc32

import numpy as np
from scipy.sparse import csr_array

from fairness.arrays import BoolArray, IntArray
from fairness.statistics.binary import BinaryScores
from fairness.statistics.binned import BINS, binned_replicator, cells_of
from fairness.statistics.bootstrap import Patients, Replicates, Weights
from fairness.statistics.clusters import people
from fairness.statistics.measures import Measures
from fairness.statistics.settings import Settings
from fairness.statistics.weighted import weights_of

BLOCK = 500_000
"""Weights held at once: they fit the processor's cache, and any number of cases fits in memory."""
MANY = 16_000_000
"""The same where scores are binned, and weights are passed through once for every set."""
COUNTS = 50
"""Replicates that are drawn at once as counts of cells."""

Tell: TypeAlias = Callable[[float], None]
"""Hears how much more of the work is done: a number of cases, or a share."""
Replicate: TypeAlias = Callable[[Weights], dict[str, Replicates]]


def silent(done: float) -> None:
    """Nobody hears."""


def replicates_of(
    measures: Measures,
    sets: Sequence[IntArray],
    units: IntArray,
    strata: IntArray | None,
    settings: Settings,
    needed: BoolArray,
    *,
    paired: bool,
    tell: Tell = silent,
) -> Replicates:
    """(C, M, R) of C sets of cases, NaN but for the `needed` metrics (M,).

    `units` (n,) are the patients, who are drawn within `strata` (n,); None: there is one. Cases
    outside every set take no part. `paired` replicates of one set move with those of other measures
    of the same cases; others are drawn in the fastest way that has the same distribution. `tell`
    hears how much of the work is done.
    """
    names = [m.name for m, wanted in zip(measures.metrics, needed, strict=True) if wanted]
    result = np.full((len(sets), len(needed), settings.replicates), np.nan, dtype=np.float32)
    used = sets[0] if len(sets) == 1 else np.unique(np.concatenate(sets))
    if not names or not used.size:
        tell(1.0)
        return result
    # The same patients are drawn alike, whatever they are called and in whatever order they come.
    rng = np.random.default_rng([settings.seed, crc32(np.sort(units[used]).tobytes())])
    asked = frozenset(names)
    scores = to_bin(measures, len(used), settings)
    alone = len(sets) == 1 and people(units[used]) == len(used)
    if scores and alone and not paired:
        found = counted(scores, sets[0], asked, settings.replicates, rng)
        result[0, needed] = [found[name] for name in names]
        tell(1.0)
        return result
    place = np.zeros(len(units), dtype=np.int64)
    place[used] = np.arange(len(used))
    of_stratum = np.zeros_like(used) if strata is None else strata[used]
    patients = Patients.of(units[used], of_stratum)
    many = any(to_bin(measures, len(rows), settings) for rows in sets)
    functions = [
        of_patients(measures, rows, patients.unit[place[rows]], len(patients), asked, settings)
        for rows in sets
    ]
    size = max(1, MANY // len(patients) if many else BLOCK // len(used))
    for start in range(0, settings.replicates, size):
        block = slice(start, min(start + size, settings.replicates))
        draw = patients.draw_parts if many else patients.draw
        drawn = draw(block.stop - start, rng)
        for c, function in enumerate(functions):
            found = function(drawn)
            result[c, needed, block] = [found[name] for name in names]
        tell((block.stop - start) / settings.replicates)
    return result


def to_bin(measures: Measures, cases: int, settings: Settings) -> BinaryScores | None:
    """The scores that are binned for the bootstrap of so many cases; None: none are."""
    if not isinstance(measures, BinaryScores) or weights_of(measures) is not None:
        return None
    return measures if cases >= settings.binned_from else None


def said_of_bins(measures: Measures, cases: int, settings: Settings) -> str:
    """What a report says of the bootstrap of so many cases; nothing where no score is binned."""
    if to_bin(measures, cases, settings) is None:
        return ""
    return (
        f"scores of groups of {settings.binned_from} images or more are in {BINS} bins for the "
        "bootstrap; values are exact"
    )


def counted(
    scores: BinaryScores,
    rows: IntArray,
    names: frozenset[str],
    replicates: int,
    rng: np.random.Generator,
) -> dict[str, Replicates]:
    """Replicates (R,) of one set whose cases are patients of their own: cells are drawn at once."""
    cells = cells_of(scores, rows)
    function = binned_replicator(scores, rows, cells, names)
    found = []
    for start in range(0, replicates, COUNTS):
        size = min(COUNTS, replicates - start)
        drawn = rng.multinomial(len(rows), cells.sizes / len(rows), size=size)
        found.append(function(drawn.T.astype(np.float64)))
    return {name: np.concatenate([of[name] for of in found]) for name in found[0]}


def of_patients(
    measures: Measures,
    rows: IntArray,
    unit: IntArray,
    patients: int,
    names: frozenset[str],
    settings: Settings,
) -> Replicate:
    """Function from how often each patient was drawn (U, R) to replicates (R,) of one set.

    `unit` (m,) is the patient of each of its cases.
    """
    scores = to_bin(measures, len(rows), settings)
    if scores is None:
        function = measures.replicator(rows, names)
        return lambda drawn: function(np.take(drawn, unit, axis=0))
    cells = cells_of(scores, rows)
    of_counts = binned_replicator(scores, rows, cells, names)
    ones = np.ones(len(rows), dtype=np.float32)
    shape = (len(cells.sizes), patients)
    summed = csr_array((ones, (cells.of_case, unit)), shape=shape)
    return lambda drawn: of_counts((summed @ drawn).astype(np.float64))
