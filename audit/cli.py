"""`fair-audit`: the command line.

Exit codes: 0 done, 1 the policy fails, 2 the command makes no sense, 3 data or server,
4 inconclusive under --strict, 130 interrupted, 141 nobody reads the output, 143 SIGTERM.
"""

import sys
import threading

from fairness.guard import guarded, interrupts_wait, sigterm_interrupts


def main() -> None:
    """Entry point of the console script `fair-audit`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    return guarded("fair-audit", "run the same command again", arguments, _command)


def _command(arguments: list[str]) -> int:
    # Importing takes a second or two, in which Ctrl-C is no traceback either.
    with interrupts_wait():
        from audit.command import run_command

    if threading.current_thread() is not threading.main_thread():  # no other hears of signals
        return run_command(arguments)
    with sigterm_interrupts():
        return run_command(arguments)


if __name__ == "__main__":  # `python -m audit.cli`, where the console script is not at hand
    main()
