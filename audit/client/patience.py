"""How a run waits for a server that went away: longer from try to try, by chance, and not for ever.

Waits are drawn between 0 and a limit that doubles (full jitter), so that many clients of one server
do not come back at the same moment. Source: https://aws.amazon.com/blogs/architecture/
exponential-backoff-and-jitter.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from audit.client.failures import GoneError, RefusedError, RestartedError, WrongModelError
from fairness.errors import ServerError

Done = TypeVar("Done")

FIRST, LONGEST = 0.5, 8.0
"""Seconds: limits of the first wait, and of any."""


@dataclass
class Patience:
    """Waits while the server is away, and counts how often it had to."""

    seconds: float
    """That may pass between the first failure and the next answer that is kept; 0: none."""
    tell: Callable[[str], None] = lambda text: None
    """Is told in a line when the server goes away, and when it is back."""
    retries: int = 0
    """Times that it was asked again after it had failed."""
    failing: float | None = None
    """When it failed first since the last answer that was kept."""
    away: bool = False
    """Whether it is being waited for."""

    def answered(self) -> None:
        """Take note that an answer was kept: what fails next is a new failure."""
        self.failing = None

    def until_back(self, error: GoneError, prove: Callable[[], None]) -> None:
        """Wait until `prove` succeeds.

        Args:
            error: by which the server went away.
            prove: asks it who it is; it may fail like any call.

        Raises:
            GoneError: `error`, or a later one, when the time is up.
            WrongModelError: another model answers.
            RefusedError: the server does not let us in any more.
        """
        now = time.monotonic()
        self.failing = now if self.failing is None else self.failing
        until, limit = self.failing + self.seconds, FIRST
        fault: ServerError = error
        wait = not isinstance(error, RestartedError)  # that one is there, and only to be proved
        if wait and now < until:
            self.tell(f"waiting for the server, up to {self.seconds:g} s: {error}")
        self.away = True
        try:
            while True:
                if wait:
                    self._sleep(until, limit, fault)
                    limit = min(2 * limit, LONGEST)
                self.retries, wait = self.retries + 1, True
                try:
                    prove()
                    break
                except (WrongModelError, RefusedError):
                    raise
                except ServerError as again:  # not there yet, or not ready
                    fault = again
        finally:
            self.away = False
        self.tell(
            "the model was loaded again, or its server restarted; it answers as before"
            if isinstance(error, RestartedError)
            else f"the server is back after {time.monotonic() - now:.1f} s"
        )

    def through(self, work: Callable[[], Done], prove: Callable[[], None]) -> Done:
        """Do something that can be done again, until it is done; errors as `until_back`."""
        while True:
            try:
                return work()
            except GoneError as error:
                self.until_back(error, prove)

    def _sleep(self, until: float, limit: float, fault: ServerError) -> None:
        left = until - time.monotonic()
        if left <= 0:
            waited = f"waited {self.seconds:g} s for it in vain: " if self.seconds else ""
            raise GoneError(f"{waited}{fault}") from None
        time.sleep(min(left, random.uniform(0, limit)))
