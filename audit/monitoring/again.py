"""The same audit again and again, each in a folder of its own; one that fails ends nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from audit.every_model import audit
from audit.monitoring.adding import add_failure, add_runs, reports_in
from audit.monitoring.every import next_begin, sleep_until
from audit.monitoring.files import write_trend
from audit.monitoring.said import say_added, say_trend
from audit.monitoring.trend import TrendFlags
from audit.options import Options
from audit.prometheus import write_metrics
from audit.typed import typed_command
from fairness.errors import FairAuditError, RunInterruptedError
from fairness.guard import reason_of


@dataclass(frozen=True)
class Watch:
    """What is watched, how often, and where the runs go."""

    options: Options
    """Of each audit."""
    flags: TrendFlags
    out: Path
    every: float
    """Seconds from the beginning of one audit to that of the next."""
    times: int | None
    """So many audits; None: until Ctrl-C."""
    words: Sequence[str]
    """The command line."""


def watch_model(watch: Watch, console: Console) -> int:
    """Audit until it is enough; the exit code of the last audit, or 0 after Ctrl-C or SIGTERM."""
    first, done, code = time.time(), 0, 0
    try:
        while True:
            code = one_audit(watch, console)
            done += 1
            if done == watch.times:
                return code
            sleep_until(next_begin(first, watch.every, time.time()), console)
    except KeyboardInterrupt:
        pass
    except MidAuditError as stop:
        say(f"the audit was {stop}", console)
    say(f"watch ended after {done} audit{'s' if done != 1 else ''}", console)
    return 0


class MidAuditError(Exception):
    """Ctrl-C or SIGTERM in an audit that can be finished; says how."""


def one_audit(watch: Watch, console: Console) -> int:
    """Audit once, add the run to the history, and write its page and numbers; the exit code.

    Raises:
        MidAuditError, KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    folder = watch.out / time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    code, reason = 0, ""
    try:
        code = audit(replace(watch.options, out=folder), console, watch.words)
    except RunInterruptedError:
        flags = watch.words[watch.words.index("--") + 1 :]
        command = typed_command([*flags, "--out", str(folder), "--resume"])
        later = f"then fair-audit history {watch.out} {folder}"
        raise MidAuditError(f"interrupted; to finish it: {command}, {later}") from None
    except Exception as error:  # whatever it was, the next audit may succeed
        code, reason = code_of(error), str(FairAuditError(reason_of(error, "")))
        say(f"error: the audit failed: {reason}", console)
    try:
        add(watch, folder, reason, console)
    except Exception as error:  # a full disk, say; the runs stay where they are
        later = f"add it later: fair-audit history {watch.out} {folder}"
        say(f"error: not in the history: {reason_of(error, '')}; {later}", console)
        return code or code_of(error)
    return code


def add(watch: Watch, folder: Path, failure: str, console: Console) -> None:
    """Add the runs in a folder, and a failure if there was one; write the page and the numbers."""
    if failure:
        add_failure(watch.out, folder, failure)
    finished = reports_in(folder)
    say_added(add_runs(watch.out, finished), console)
    trend = write_trend(watch.out, watch.flags)
    say_trend(trend, console)
    if watch.flags.metrics_file is not None and finished:
        write_metrics(watch.flags.metrics_file, finished, trend)


def say(line: str, console: Console) -> None:
    """A line beside the results."""
    console.print(line, highlight=False, markup=False)


def code_of(error: Exception) -> int:
    """The exit code of an error."""
    return error.exit_code if isinstance(error, FairAuditError) else FairAuditError.exit_code
