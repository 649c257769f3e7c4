"""Runs clients in processes of their own; the baseline's inside a checkout of its commit."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.clients.task import Task

ROOT = Path(__file__).parent.parent

BASELINE = "28089d3"
"""The commit that is called today's: before shared memory, reading ahead and the index."""

TRITONY = ("tritony==0.0.23", "reretry==0.11.8")
"""Installed with --no-deps into a folder of the benchmark; what else they need is here."""


@dataclass(frozen=True)
class Client:
    """One way of sending the images of a workload."""

    name: str
    module: str
    flags: dict[str, str] = field(default_factory=dict)
    size: str = ""
    """Which split of the workload it reads; empty: as many images as are in memory."""
    baseline: bool = False
    """Whether it is the baseline's code that runs."""


@dataclass
class Measured:
    """The runs of one client on one workload."""

    rates: list[float] = field(default_factory=list)
    """Images a second."""
    wholes: list[float] = field(default_factory=list)
    """Seconds of the process from start to end."""
    faults: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Images a second; NaN where no run succeeded."""
        return statistics.median(self.rates) if self.rates else float("nan")

    @property
    def whole(self) -> float:
        """Median of the seconds of the process."""
        return statistics.median(self.wholes) if self.wholes else float("nan")

    @property
    def spread(self) -> float:
        """Largest minus smallest, over the median."""
        return (max(self.rates) - min(self.rates)) / self.median if self.rates else float("nan")


@dataclass(frozen=True)
class Places:
    """Folders that clients run in or import from."""

    work: Path
    """For what this project remembers from one run to the next, away from the user's own."""
    baseline: Path
    tritony: Path | None
    """None where it could not be installed."""


def measure(client: Client, task: Task, places: Places, into: Measured) -> None:
    """One run of a client, added to those before."""
    cwd = places.baseline if client.baseline else ROOT
    path = os.pathsep.join(filter(None, [str(cwd), str(places.tritony or "")]))
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "XDG_CACHE_HOME": str(places.work / "remembered"),
    }
    command = [
        sys.executable,
        "-m",
        f"benchmarks.clients.{client.module}",
        json.dumps(asdict(task)),
    ]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    whole = time.perf_counter() - began
    if done.returncode != 0:
        into.faults.append(" ".join(done.stderr.split())[-300:] or "it ended without a word")
        return
    found = json.loads(done.stdout.strip().splitlines()[-1])
    into.rates.append(found["images"] / found["seconds"])
    into.wholes.append(whole)


@contextmanager
def checked_out(work: Path) -> Iterator[Path]:
    """A checkout of the baseline commit, with today's clients beside its own code."""
    folder = work / "baseline"
    git("worktree", "add", "--detach", "--force", str(folder), BASELINE)
    try:
        shutil.copytree(ROOT / "benchmarks/clients", folder / "benchmarks/clients")
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def git(*words: str) -> None:
    """Run git in this repository; its error is ours."""
    subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True)


def install_tritony(work: Path) -> Path | None:
    """A folder with tritony; None where it cannot be had, which the table then says."""
    folder = work / "tritony"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", str(folder), *TRITONY]
    return folder if subprocess.run(command, capture_output=True).returncode == 0 else None


def table(title: str, results: dict[str, Measured], notes: Sequence[str] = ()) -> list[str]:
    """Lines of a Markdown table, the clients in the order in which they ran."""
    lines = [f"### {title}", "", "| client | images/s, median | least to most | spread | runs |"]
    lines.append("|---|--:|--:|--:|--:|")
    for name, found in results.items():
        if not found.rates:
            lines.append(f"| {name} | not run: {'; '.join(found.faults)[:200]} | | | 0 |")
            continue
        failed = f", {len(found.faults)} failed" if found.faults else ""
        lines.append(
            f"| {name} | {found.median:,.0f} | {min(found.rates):,.0f} to {max(found.rates):,.0f} "
            f"| {found.spread:.0%} | {len(found.rates)}{failed} |"
        )
    return [*lines, "", *notes]
