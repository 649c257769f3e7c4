"""Adds runs to a history, each once, and writes its page and table anew."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from audit.monitoring.history import alone, read_history
from audit.monitoring.newness import judged_new
from audit.monitoring.run import Run, named_from, read_run
from fairness.text import short


def add_runs(history: Path, folders: Iterable[Path]) -> list[tuple[Run, bool]]:
    """Add the runs in these folders by the time they were finished; each, and whether it is new.

    All are read before the first is added.

    Raises:
        DataError, UsageError: one cannot be read, or the history cannot; nothing is added then.
    """
    read = {folder: read_run(folder, history) for folder in folders}
    found: list[tuple[Run, bool]] = []
    with alone(history):
        now = read_history(history)
        for folder, one in sorted(read.items(), key=lambda item: item[1].run.time):
            before = now.runs()
            there = [run for run in before if run.report_sha256 == one.run.report_sha256]
            if there:
                found.append((there[0], False))
                continue
            run = judged_new(one.run, folder, before, history)
            now = now.added(run, one.rows, one.ranks)
            found.append((run, True))
        if any(new for _, new in found):
            now.write()
    return found


def add_failure(history: Path, folder: Path, error: str) -> None:
    """Add an audit that failed, and why.

    Raises:
        DataError: the history cannot be read.
    """
    time = datetime.now(UTC).replace(microsecond=0)
    failed = Run(time=time, folder=named_from(folder, history), error=short(error, 2000))
    with alone(history):
        read_history(history).added(failed, (), ()).write()


def reports_in(folder: Path) -> Sequence[Path]:
    """Folders of runs: `folder` itself, or those in it where several models were audited."""
    paths = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    return [path for path in paths if (path / "report" / "report.json").is_file()]
