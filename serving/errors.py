"""Error of this package: one line that says what to do, or the last errors of a server's log."""

import os
import sys
import traceback

VARIABLE = "FAIR_AUDIT_DEBUG"
"""Where it is set, an error shows its traceback; every flag belongs to the server."""


class ServingError(Exception):
    """The Triton server cannot be found, started or reached. Commands exit with `exit_code`."""

    exit_code = 3

    def __str__(self) -> str:
        """Printable lines: a log holds what others wrote."""
        lines = super().__str__().splitlines()
        return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


def exit_code_of(error: BaseException, program: str) -> int:
    """Say on the standard error stream what ended a command, and return its exit code."""
    if os.environ.get(VARIABLE):
        traceback.print_exc()
    if isinstance(error, KeyboardInterrupt):
        text, code = "interrupted", 130
    elif isinstance(error, OSError) and error.strerror:
        text, code = f"cannot run {error.filename}: {error.strerror}", ServingError.exit_code
    elif isinstance(error, ServingError):
        text, code = str(error), error.exit_code
    else:
        said = str(ServingError(f"{type(error).__name__}: {error}")).replace("\n", " ")
        text, code = f"unexpected {said}; {VARIABLE}=1 shows where", ServingError.exit_code
    print(f"{program}: {text}", file=sys.stderr)
    return code
