"""perf_analyzer's rules: how long a window is, and when what was measured is stable.

Source: perf_analyzer's documentation, "How Perf Analyzer works" and "Measurements and metrics".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LAST = 3
"""Windows that must agree, and of which the result is made."""


@dataclass(frozen=True)
class Rules:
    """How a point is measured; names and defaults are perf_analyzer's."""

    measurement_mode: Literal["time_windows", "count_windows"] = "time_windows"
    """A window ends after a time, or after a number of requests."""
    measurement_interval: int = 5000
    """Milliseconds of a window."""
    measurement_request_count: int = 50
    """Requests of a window that ends after a number."""
    stability_percentage: float = 10.0
    """Largest and smallest of the last three windows may differ by so much, in throughput and in
    mean latency."""
    max_trials: int = 10
    """Windows at most; what is not stable by then is reported as unstable."""
    warmup_request_count: int = 10
    """Requests that are answered before the first window; at least one for each in flight."""

    def ends(self, seconds: float, requests: int) -> bool:
        """Whether a window is over."""
        if self.measurement_mode == "count_windows":
            return requests >= self.measurement_request_count
        return requests > 0 and 1000 * seconds >= self.measurement_interval

    def agree(self, numbers: Sequence[float]) -> bool:
        """Whether a quantity is stable over the last windows."""
        last = numbers[-LAST:]
        if len(last) < LAST or min(last) <= 0:
            return False
        return max(last) / min(last) <= 1 + self.stability_percentage / 100
