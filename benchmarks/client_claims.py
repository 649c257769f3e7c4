"""What the benchmark of clients must show: each claim with its ratio of medians and its limit."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.client_runs import Measured

Results = Mapping[str, Mapping[str, Measured]]
"""Workload to client to its runs."""

STORED, COMPRESSED = "664x512, stored npz", "664x512, compressed npz"
SMALL, LARGE = "224x224 in memory", "664x512 in memory"
COMPUTING, WHOLE = "a model that computes, 224x224, stored npz", "20,000 images, whole command"
SHM, BYTES = "fair-audit, shared memory", "this project, bytes"


@dataclass(frozen=True)
class Claim:
    """A ratio that must be at least, or at most, a limit."""

    text: str
    value: float
    limit: float
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """`holds`, `FAILS`, or `not run`."""
        if self.value != self.value:
            return "not run"
        good = self.value <= self.limit if self.at_most else self.value >= self.limit
        return "holds" if good else "FAILS"

    def line(self) -> str:
        """Of the table."""
        sign = "<=" if self.at_most else ">="
        return f"| {self.text} | {self.value:.3g} | {sign} {self.limit:g} | {self.verdict} |"


def claims(results: Results) -> list[Claim]:
    """All of them; one whose clients did not run is not a number."""

    def rate(workload: str, client: str) -> float:
        return results.get(workload, {}).get(client, Measured()).median

    def spread(workload: str) -> float:
        return results.get(workload, {}).get(BYTES, Measured()).spread

    def whole(client: str) -> float:
        return results.get(WHOLE, {}).get(client, Measured()).whole

    ring = rate(LARGE, "ceiling: a ring, each image copied")
    reading = rate(COMPRESSED, "ceiling: reading alone, 2 threads")
    best_cached = "fair-audit, shared memory, cached"
    journal = [
        rate(where, SHM) / rate(where, "the same, journal off") for where in (STORED, COMPUTING)
    ]
    before, most = "this project before, bytes", rate(COMPUTING, "ceiling: fair-audit bench")
    return [
        Claim("stored npz: over np.load and 4 async",
              rate(STORED, SHM) / rate(STORED, "np.load and 4 async"), 5),
        Claim("compressed npz: over reading alone", rate(COMPRESSED, SHM) / reading, 0.9),
        Claim("cached: over the copying ring", rate(COMPRESSED, best_cached) / ring, 0.75),
        Claim("224x224, bytes: over before", rate(SMALL, BYTES) / rate(SMALL, before), 2.5),
        Claim("224x224, bytes: over tritony", rate(SMALL, BYTES) / rate(SMALL, "tritony"), 1),
        Claim("664x512, bytes: over before", rate(LARGE, BYTES) / rate(LARGE, before), 1.4),
        Claim("224x224, bytes: spread over processes", spread(SMALL), 0.15, at_most=True),
        Claim("664x512, bytes: spread over processes", spread(LARGE), 0.15, at_most=True),
        Claim("computing: over fair-audit bench", rate(COMPUTING, SHM) / most, 0.97),
        Claim("journal, near-free: on over off", journal[0], 0.97),
        Claim("journal, computing: on over off", journal[1], 0.97),
        Claim("20,000 images, second run: time over before",
              whole("fair-audit, second run") / whole("fair-audit before, second run"), 0.6,
              at_most=True),
    ]  # fmt: skip


def claims_table(found: list[Claim]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [
        "### What must hold",
        "",
        "| ratio of medians | measured | limit | |",
        "|---|--:|--:|---|",
    ]
    return [*lines, *(claim.line() for claim in found), ""]
