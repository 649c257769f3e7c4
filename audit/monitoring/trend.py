"""What a history shows: every number run by run, and the changes that the charts find."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audit.flags import CommaNames, MetricsFile
from audit.monitoring.history import History
from audit.monitoring.marks import marks_of
from audit.monitoring.run import Run
from audit.monitoring.series import Series, pairs_of, readings_of, series_of
from fairness.errors import UsageError
from fairness.statistics.change_points import Alarm, Chart, charted
from fairness.statistics.control_limit import control_limit


@dataclass(frozen=True)
class TrendFlags:
    """Flags of `fair-audit watch` and `fair-audit history`."""

    numbers: CommaNames = ()
    """Numbers to chart, e.g. auc,true_positive_rate; without it, the one that reports lead with.
    The more, the higher is the limit of all."""
    false_alarms: float = 0.05
    """Probability of one false alarm or more within --horizon runs, over all charts together."""
    horizon: int = 100
    """Counted runs that this probability is for."""
    metrics_file: MetricsFile = None
    """Also write the numbers of the newest audit here, for node exporter's textfile collector."""

    def __post_init__(self) -> None:
        """Raises UsageError where a number is out of range."""
        if not 1e-6 <= self.false_alarms <= 0.5:
            raise UsageError("--false-alarms must lie between 0.000001 and 0.5")
        if not 2 <= self.horizon <= 100_000:
            raise UsageError("--horizon must lie between 2 and 100000 runs")


@dataclass(frozen=True)
class Charted:
    """A series with its chart over the counted runs; NaN in all others."""

    series: Series
    chart: Chart


@dataclass(frozen=True)
class Trend:
    """A history as a page shows it."""

    folder: Path
    runs: tuple[Run, ...]
    series: tuple[Series, ...]
    """Every number that people see, charted or not."""
    charts: tuple[Charted, ...]
    """Those with two counted runs or more: of everybody and each group, then of pairs."""
    limit: float
    flags: TrendFlags
    marks: tuple[str, ...]
    """Of each run, by what its model, threshold or split differs from those before it."""

    @property
    def rule(self) -> str:
        """The rule of the charts in words."""
        flags, n = self.flags, len(self.charts)
        return (
            f"limit {self.limit:.2f}: were nothing to change, one or more of the {n} "
            f"chart{'s' if n != 1 else ''} would pass it within {flags.horizon} counted runs with "
            f"a probability of {flags.false_alarms:g} at most"
        )

    def found(self) -> list[tuple[Series, Alarm]]:
        """Every change, by the run that showed it."""
        every = [(one.series, alarm) for one in self.charts for alarm in one.chart.alarms]
        return sorted(every, key=lambda item: item[1].run)


def trend_of(history: History, flags: TrendFlags) -> Trend:
    """The trend of a history.

    Raises:
        UsageError: no run has a number of that name.
    """
    runs = tuple(history.runs())
    series = series_of(history, runs)
    known = sorted({one.metric for one in series if one.rank is not None})
    if strange := [name for name in flags.numbers if name not in known]:
        there = f"there are: {', '.join(known)}" if known else "there is no run yet"
        raise UsageError(f"--numbers {strange[0]}: no run shows it ({there})")
    wanted = [one for one in series if is_wanted(one, flags)]
    sides: list[tuple[Series, tuple[Series, ...]]] = [(one, (one,)) for one in wanted]
    sides += [(pair, (a, b)) for pair, a, b in pairs_of(wanted)]
    ready = []
    for one, parts in sides:
        counted = [k for k, run in enumerate(runs) if run.counted and run.model == one.model]
        readings = [readings_of(part, runs, counted) for part in parts]
        values = [reading.value for reading in readings]
        if np.isfinite(sum(values[1:], values[0])).sum() >= 2:
            ready.append((one, counted, readings))
    limit = control_limit(flags.false_alarms, flags.horizon, max(1, len(ready)))
    charts = tuple(
        Charted(one, spread(charted(readings, limit), counted, len(runs)))
        for one, counted, readings in ready
    )
    return Trend(history.folder, runs, tuple(series), charts, limit, flags, marks_of(runs))


def is_wanted(series: Series, flags: TrendFlags) -> bool:
    """Whether a number is charted."""
    if series.rank is None:
        return False
    return series.metric in flags.numbers if flags.numbers else series.rank == 0


def spread(chart: Chart, counted: Sequence[int], n: int) -> Chart:
    """A chart of the counted runs, over all n runs."""
    z, up, down = (np.full(n, np.nan) for _ in range(3))
    for whole, part in ((z, chart.z), (up, chart.up), (down, chart.down)):
        whole[list(counted)] = part
    alarms = tuple(
        replace(alarm, run=counted[alarm.run], since=counted[alarm.since]) for alarm in chart.alarms
    )
    return Chart(z, up, down, alarms)
