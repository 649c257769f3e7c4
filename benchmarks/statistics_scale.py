"""Time, memory and accuracy of the statistics of 10^5 and 10^6 rows.

Run: OMP_NUM_THREADS=1 python -m benchmarks.statistics_scale [time|accuracy|coverage]

`time`: the whole `fair-audit report` on a csv file, on one core: 4 attributes, all pairs of their
groups, 1,000 replicates; the same with every pair of attributes crossed; and images of patients who
have two each, in different groups. CPU seconds hold where others use the machine, too.
`accuracy`: replicates from bins beside those of every case with the same draws.
`coverage`: of 95 % intervals with bins and without, on the same 10^5 cases; truths are integrals.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

from fairness.arrays import FloatArray, IntArray
from fairness.statistics.analyse import analyse
from fairness.statistics.binary import METRICS, BinaryScores
from fairness.statistics.binned import binned_replicator, cells_of
from fairness.statistics.bootstrap import resample
from fairness.statistics.settings import Settings

SMALL, LARGE = 100_000, 1_000_000
MOST_SECONDS, MOST_MB, MOST_RATIO, MOST_OFF = 90.0, 1000.0, 12.0, 3e-4
PREVALENCE, SHIFT, START, SPREAD = 0.3, 1.3, -1.2, 1.2
"""Logits of scores are normal: start, shift of the positives, standard deviation."""
GROUPS = {
    "race": {"Asian": 0.1, "Black": 0.2, "White": 0.68, "": 0.02},
    "gender": {"Female": 0.55, "Male": 0.45},
    "ethnicity": {"Hispanic": 0.1, "Non-Hispanic": 0.85, "": 0.05},
    "language": {"Chinese": 0.05, "English": 0.8, "Other": 0.05, "Spanish": 0.1},
}
CROSSED = ",".join(f"{a}*{b}" for a, b in combinations(GROUPS, 2))


def cohort(n: int, seed: int) -> BinaryScores:
    """N cases whose score tells the classes apart."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < PREVALENCE).astype(np.int64)
    return BinaryScores(y, expit(rng.normal(START + SHIFT * y, SPREAD)), 0.5)


def write(path: Path, n: int, images: int) -> None:
    """A csv file of n rows, so many of each patient; a patient's images are of either eye."""
    scores, rng = cohort(n, 1), np.random.default_rng(2)
    people = np.arange(n) // images
    columns: list[list[object]] = [
        [f"img{i:07}" for i in range(n)],
        [f"p{i:07}" for i in people],
        scores.positive.tolist(),
        [f"{score:.7f}" for score in scores.score],
    ]
    for shares in GROUPS.values():
        codes = rng.choice(len(shares), people[-1] + 1, p=list(shares.values()))
        columns.append(np.array(list(shares))[codes[people]].tolist())
    columns.append(np.array(["left", "right"])[np.arange(n) % 2].tolist())
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "patient", "target", "score", *GROUPS, "eye"))
        writer.writerows(zip(*columns, strict=True))


def measured(path: Path, out: Path, flags: list[str]) -> tuple[float, float, float]:
    """CPU seconds, seconds and peak MB of one `fair-audit report`, on one core."""
    command = [sys.executable, "-m", "audit.cli", "report", "--from", str(path), "--out", str(out)]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, *flags],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        preexec_fn=lambda: os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]),
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"fair-audit report ended with {process.returncode}")
    cpu = used.ru_utime + used.ru_stime
    return cpu, time.monotonic() - started, used.ru_maxrss / 1024


def times() -> bool:
    """Print the table of times; whether the claims hold."""
    attributes, eye = ",".join(GROUPS), "race,eye"
    kinds = {
        "4 attributes": (1, ["--attributes", attributes]),
        "4 attributes, all crossed": (1, ["--attributes", attributes, "--intersect", CROSSED]),
        "2 images a patient, race and eye": (2, ["--attributes", eye]),
    }
    holds = True
    print("| table | rows | CPU seconds | seconds | peak MB |")
    print("|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (images, flags) in kinds.items():
            found = []
            for n in (SMALL, LARGE):
                path = Path(folder) / f"{n}-{images}.csv"
                if not path.exists():
                    write(path, n, images)
                cpu, seconds, peak = measured(path, Path(folder) / "out", flags)
                found.append(cpu)
                print(f"| {name} | {n:,} | {cpu:.1f} | {seconds:.0f} | {peak:.0f} |", flush=True)
            holds &= cpu <= MOST_SECONDS and peak <= MOST_MB and found[1] / found[0] <= MOST_RATIO
    return holds


def accuracy(n: int, draws: int = 200) -> bool:
    """Print how far binned replicates are from those of every case with the same draws."""
    scores, rows = cohort(n, 3), np.arange(n)
    names = [metric.name for metric in METRICS]
    exact_of, cells = scores.replicator(rows, frozenset(names)), cells_of(scores, rows)
    binned_of = binned_replicator(scores, rows, cells, frozenset(names))
    rng = np.random.default_rng(4)
    exact: list[FloatArray] = []
    binned: list[FloatArray] = []
    for _ in range(draws // 4):
        weights = resample(rows, np.zeros_like(rows), 4, rng)
        counts = [np.bincount(cells.of_case, w, len(cells.sizes)) for w in weights.T]
        for kept, found in (
            (exact, exact_of(weights)),
            (binned, binned_of(np.stack(counts, axis=1))),
        ):
            kept.append(np.stack([found[name] for name in names]).astype(np.float64))
    one, other = (np.concatenate(of, axis=1) for of in (exact, binned))
    spread = one.std(1)
    off, apart = other.std(1) / spread - 1, (other - one).std(1) / spread
    print(
        f"\n| {n:,} cases, {draws} draws | sd, binned / exact - 1 | error of a deviation, in sd |"
    )
    print("|---|--:|--:|")
    for m, name in enumerate(names):
        print(f"| {name} | {off[m]:+.5f} | {apart[m]:.4f} |")
    return bool(abs(off[names.index("auc")]) <= MOST_OFF)


def truths() -> dict[str, float]:
    """What the numbers would be in a population."""

    def precise(z: float) -> float:
        """Precision where the threshold is at the positives' quantile z, times its density."""
        hits = PREVALENCE * norm.sf(z)
        return float(norm.pdf(z) * hits / (hits + (1 - PREVALENCE) * norm.sf(z + SHIFT / SPREAD)))

    def excess(intercept: float) -> float:
        def at(z: float) -> float:
            means = [expit(intercept + START + SHIFT * k + SPREAD * z) for k in (0, 1)]
            return float(norm.pdf(z) * (means[0] * (1 - PREVALENCE) + means[1] * PREVALENCE))

        return float(quad(at, -9, 9)[0]) - PREVALENCE

    return {
        "average_precision": quad(precise, -9, 9)[0],
        "calibration_slope": SHIFT / SPREAD**2,
        "calibration_intercept": brentq(excess, -5, 5),
    }


def coverage(simulations: int, replicates: int) -> bool:
    """Print how often intervals hold the truth, with bins and without, on the same cases."""
    true, ways = truths(), {"of every case": 10**9, "of bins": SMALL}
    held = {name: np.zeros((2, simulations), dtype=bool) for name in true}
    widths: dict[str, FloatArray] = {name: np.zeros((2, simulations)) for name in true}
    patients: IntArray = np.arange(SMALL)
    for i in range(simulations):
        scores = cohort(SMALL, 100 + i)
        for way, size in enumerate(ways.values()):
            settings = Settings(replicates=replicates, binned_from=size, seed=i)
            for e in analyse(scores, patients, [], settings).estimates:
                if e.metric in true and e.low is not None and e.high is not None:
                    held[e.metric][way, i] = e.low <= true[e.metric] <= e.high
                    widths[e.metric][way, i] = e.high - e.low
    holds = True
    print(f"\n| {simulations} x {SMALL:,} cases | {' | '.join(ways)} | differ | width, ratio |")
    print("|---|--:|--:|--:|--:|")
    for name, found in held.items():
        one, other = found.mean(1)
        differ, wide = (found[0] != found[1]).mean(), np.divide(*widths[name][::-1]).mean()
        print(f"| {name} | {one:.1%} | {other:.1%} | {differ:.1%} | {wide:.3f} |")
        holds &= abs(one - other) <= 2 * np.sqrt(max(float(differ), 1 / simulations) / simulations)
    return bool(holds)


def main() -> None:
    """Print what was asked for; ends with 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=["time", "accuracy", "coverage"])
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=200)
    asked = parser.parse_args()
    holds = True
    if "time" in asked.what:
        holds &= times()
    if "accuracy" in asked.what:
        holds &= accuracy(20_000) & accuracy(SMALL)
    if "coverage" in asked.what:
        holds &= coverage(asked.simulations, asked.replicates)
    print("\nthe claims hold" if holds else "\nNOT ALL CLAIMS HOLD")
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
