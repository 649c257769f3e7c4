"""The errors a user can meet; every message is one line that says what happened and what to do.

FairAuditError
├── UsageError     exit 2: a flag, a configuration or a combination of them makes no sense
└── DataError      exit 3: a file, a split or an answer is not what it must be
    └── ServerError    the same, said by or about the server that answers
"""


class FairAuditError(Exception):
    """Base of all errors that a command prints as one line, without a traceback."""

    exit_code = 3


class UsageError(FairAuditError):
    """The command line or a configuration file asks for something impossible."""

    exit_code = 2


class DataError(FairAuditError):
    """A file, a sample or a whole split cannot be used; the message names it."""


class ServerError(DataError):
    """The inference server is absent, not ready, or answered with something unusable."""
