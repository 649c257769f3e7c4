"""The errors a user can meet; every message is one line that says what happened and what to do.

FairAuditError
├── UsageError     exit 2: a flag, a configuration or a combination of them makes no sense
├── RunInterruptedError   exit 130: Ctrl-C, in a run that can be continued
│   └── RunTerminatedError   exit 143: the same by SIGTERM
└── DataError      exit 3: a file, a split or an answer is not what it must be
    └── ServerError    the same, said by or about the server that answers
"""

from fairness.text import one_line

LONGEST = 2000
"""Characters of a message: what a file or a server calls itself may be longer than any screen."""


class FairAuditError(Exception):
    """Base of all errors that a command prints as one line, without a traceback."""

    exit_code = 3

    def __str__(self) -> str:
        """One printable line: names in it come from files and servers."""
        text = one_line(super().__str__())
        return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


class UsageError(FairAuditError):
    """The command line or a configuration file asks for something impossible."""

    exit_code = 2


class DataError(FairAuditError):
    """A file, a sample or a whole split cannot be used; the message names it."""


class ServerError(DataError):
    """The inference server is absent, not ready, or answered with something unusable."""


class RunInterruptedError(FairAuditError):
    """Ctrl-C in a run that can be continued."""

    exit_code = 130


class RunTerminatedError(RunInterruptedError):
    """SIGTERM in a run that can be continued."""

    exit_code = 143
