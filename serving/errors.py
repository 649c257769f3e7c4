"""The one error of this package; its message is one line that says what to do."""


class ServingError(Exception):
    """The Triton server cannot be found, started or reached. Commands exit with `exit_code`."""

    exit_code = 3
