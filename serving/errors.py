"""Error of this package: one line that says what to do, or the last errors of a server's log."""


class ServingError(Exception):
    """The Triton server cannot be found, started or reached. Commands exit with `exit_code`."""

    exit_code = 3
