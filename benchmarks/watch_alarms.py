"""How often the charts of `fair-audit watch` raise false alarms, and how soon they find a drop.

Run: python -m benchmarks.watch_alarms [--simulations 1000].

Every run audits people of race a (20 %), b (30 %) and c (50 %), of whom 30 % are positive; scores
are normal, with an AUC of 0.85. Charted are the AUC of everybody and of each race and the three
differences: 7 charts, which together may raise a false alarm within 50 runs with probability 0.05.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
from scipy.special import ndtri

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.change_points import Alarm, Readings, charted, trials_of
from fairness.statistics.control_limit import REFERENCE, control_limit
from fairness.statistics.intervals import auc_score_interval

AUC, PREVALENCE, RACES = 0.85, 0.3, (0.2, 0.3, 0.5)
RUNS, FALSE_ALARMS, Q = 50, 0.05, float(ndtri(0.975))
CHARTS = 1 + len(RACES) + len(RACES) * (len(RACES) - 1) // 2
LIMIT = control_limit(FALSE_ALARMS, RUNS - 1, CHARTS)


@dataclass(frozen=True)
class People:
    """Those of one run: race (n,), label (n,) and score (n,)."""

    race: IntArray
    y: IntArray
    score: FloatArray


Drawn: TypeAlias = Callable[[int, list[People], np.random.Generator], People]
"""The people of a run by its number, those of the runs before it, and chance."""
World: TypeAlias = tuple[Drawn, Callable[[Sequence[People]], bool]]
"""Who is audited, and what says whether there was an alarm."""


def new_people(n: int, rng: np.random.Generator, drop: float = 0.0) -> People:
    """N people; the AUC of race b is lower by `drop`."""
    race = rng.choice(len(RACES), n, p=RACES)
    y = (rng.random(n) < PREVALENCE).astype(np.int64)
    apart = np.sqrt(2) * ndtri(np.where(race == 1, AUC - drop, AUC))
    return People(race, y, rng.normal(apart * y))


def auc_numbers(y: IntArray, score: FloatArray) -> tuple[float, float, int, int]:
    """An AUC without ties, DeLong's variance, negatives and positives; NaN of few of a class."""
    of_order = y[np.argsort(score)]
    positives = int(y.sum())
    negatives = len(y) - positives
    if min(positives, negatives) < 2:
        return np.nan, np.nan, negatives, positives
    below = np.cumsum(1 - of_order)[of_order == 1] / negatives
    above = 1 - np.cumsum(of_order)[of_order == 0] / positives
    variance = below.var(ddof=1) / positives + above.var(ddof=1) / negatives
    return below.mean(), variance, negatives, positives


def readings(runs: Sequence[People]) -> list[Readings]:
    """The AUC of everybody, and of each race, over the runs, with the trials of its intervals."""
    found = []
    for race in (None, *range(len(RACES))):
        numbers = []
        for one in runs:
            inside = slice(None) if race is None else one.race == race
            numbers.append(auc_numbers(one.y[inside], one.score[inside]))
        auc, variance, negatives, positives = np.array(numbers, dtype=float).T
        with np.errstate(divide="ignore", invalid="ignore"):  # a run without positives of a race
            low, high = auc_score_interval(auc, variance, negatives, positives, Q)
        found.append(Readings(auc, trials_of(auc, low, high, Q), share=True))
    return found


def alarms(runs: Sequence[People]) -> list[list[Alarm]]:
    """Of each chart."""
    found = readings(runs)
    charts = [[one] for one in found] + [list(pair) for pair in combinations(found[1:], 2)]
    return [list(charted(chart, LIMIT).alarms) for chart in charts]


def history(draw: Drawn, rng: np.random.Generator) -> list[People]:
    """The people of every run."""
    runs: list[People] = []
    for run in range(RUNS):
        runs.append(draw(run, runs, rng))
    return runs


def fresh(n: int) -> Drawn:
    """New people in every run."""
    return lambda run, before, rng: new_people(n, rng)


def uneven(run: int, before: list[People], rng: np.random.Generator) -> People:
    """New people, in every run another number."""
    return new_people(int(rng.integers(150, 1500)), rng)


def again(n: int, share: float) -> Drawn:
    """A share of the people of each run were in earlier ones, with the same scores."""

    def draw(run: int, before: list[People], rng: np.random.Generator) -> People:
        if not before:
            return new_people(n, rng)
        old, new = joined(before), new_people(round(n * (1 - share)), rng)
        rows = rng.choice(len(old.y), n - len(new.y), replace=False)
        return joined([People(old.race[rows], old.y[rows], old.score[rows]), new])

    return draw


def rolling(n: int, share: float) -> Drawn:
    """A window: each run keeps the newest share of the people of the run before it."""

    def draw(run: int, before: list[People], rng: np.random.Generator) -> People:
        if not before:
            return new_people(n, rng)
        last, new = before[-1], new_people(round(n * (1 - share)), rng)
        rows = slice(len(new.y), None)
        return joined([People(last.race[rows], last.y[rows], last.score[rows]), new])

    return draw


def retrained(n: int) -> Drawn:
    """The same people in every run; another model of the same AUC, whose scores correlate 0.8."""

    def draw(run: int, before: list[People], rng: np.random.Generator) -> People:
        first = before[0] if before else new_people(n, rng)
        apart = np.sqrt(2) * ndtri(AUC) * first.y
        noise = 0.8 * (first.score - apart) + 0.6 * rng.normal(size=n)
        return People(first.race, first.y, apart + noise)

    return draw


def joined(parts: Sequence[People]) -> People:
    """All of them."""
    return People(
        np.concatenate([one.race for one in parts]),
        np.concatenate([one.y for one in parts]),
        np.concatenate([one.score for one in parts]),
    )


def by_chart(runs: Sequence[People]) -> bool:
    """Whether any chart raises an alarm."""
    return any(alarms(runs))


def by_the_first(runs: Sequence[People]) -> bool:
    """The same where the first run is taken for the truth, as a fixed target would be."""
    for one in readings(runs)[: len(RACES) + 1]:
        first = one.value[0]
        z = (one.value[1:] - first) / np.sqrt(first * (1 - first) / one.precision[1:])
        for signed in (z, -z):
            total = 0.0
            for number in signed:
                total = max(0.0, total + number - REFERENCE)
                if total > LIMIT:
                    return True
    return False


def false_alarms(name: str, world: World, simulations: int, seed: int) -> str:
    """One line of the first table."""
    draw, alarmed = world
    rng = np.random.default_rng(seed)
    hits = sum(alarmed(history(draw, rng)) for _ in range(simulations))
    share = hits / simulations
    error = np.sqrt(share * (1 - share) / simulations)
    return f"| {name} | {100 * share:.1f} | {100 * error:.1f} |"


def power(n: int, drop: float, after: int, simulations: int) -> str:
    """One line of the second table: the AUC of race b falls by `drop` after so many runs."""
    rng = np.random.default_rng(n + after)
    delays, placed = [], []
    for _ in range(simulations):
        runs = [new_people(n, rng, drop if run >= after else 0.0) for run in range(RUNS)]
        found = [alarm for chart in alarms(runs) for alarm in chart if alarm.run >= after]
        first = min(found, key=lambda alarm: alarm.run, default=None)
        delays.append(RUNS if first is None else first.run - after + 1)
        placed += [] if first is None else [abs(first.since - after)]
    within = " | ".join(f"{100 * np.mean(np.array(delays) <= k):.0f}" for k in (5, 10, 20, 30))
    near = f"{100 * np.mean(np.array(placed) <= 2):.0f}" if placed else "-"
    median = np.median(delays)
    said = f"{median:.0f}" if median <= RUNS - after else f"> {RUNS - after}"
    return f"| {n} | {round(n * RACES[1])} | {drop:g} | {after} | {within} | {said} | {near} |"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000, help="of each row")
    simulations = parser.parse_args().simulations
    worlds: dict[str, World] = {
        "new people, 100 a run": (fresh(100), by_chart),
        "new people, 200 a run": (fresh(200), by_chart),
        "new people, 600 a run": (fresh(600), by_chart),
        "new people, 150 to 1,500 a run": (uneven, by_chart),
        "10 % were in earlier runs, 600 a run": (again(600, 0.1), by_chart),
        "half were in earlier runs": (again(600, 0.5), by_chart),
        "a window of which 90 % stay": (rolling(600, 0.9), by_chart),
        "the same people, another model each": (retrained(600), by_chart),
        "new people, held against the first run": (fresh(600), by_the_first),
    }
    print("| in every run | false alarm, % | Monte Carlo error |\n|---|--:|--:|")
    for seed, (name, world) in enumerate(worlds.items()):
        print(false_alarms(name, world, simulations, seed), flush=True)
    print(
        "\n| people a run | of race b | drop | after run | found within 5 runs, % | 10 | 20 | 30 "
    )
    print("| median | change placed within 2 runs, % |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for n in (200, 600, 2000):
        for drop in (0.05, 0.1):
            print(power(n, drop, 20, simulations), flush=True)


if __name__ == "__main__":
    main()
