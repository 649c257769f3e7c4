"""Run of a training command: settings read, errors in one line, exit codes."""

from collections.abc import Callable
from pathlib import Path

from fairness.guard import DEBUG_HELP, guarded
from training import settings
from training.runlog import LOG, log_to_terminal


def run_command(
    kind: type[settings.S],
    arguments: list[str],
    method: str,
    auto: str,
    help: str,
    work: Callable[[settings.S, Path, bool], object],
) -> int:
    """Run a training command and return its exit code: 0 done, 2 usage, 3 data, 130 interrupted.

    Args:
        kind: the dataclass of settings.
        arguments: those of the command line.
        method: name of the method.
        auto: the preset that `auto` means on this machine.
        help: text of `--help` before the flags.
        work: trains with settings into a folder, resuming or not.
    """

    def train(rest: list[str]) -> int:
        config, folder, resume = settings.parse(
            settings.Command[kind],  # type: ignore[valid-type]  # the class is known at run time
            kind,
            rest,
            method,
            auto,
            help + DEBUG_HELP,
        )
        work(config, folder, resume)
        LOG.info(f"next: python -m export {folder}")
        return 0

    log_to_terminal()
    return guarded("training", "the same command with --resume goes on", arguments, train)
