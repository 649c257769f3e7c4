"""Looks after replicas while a run goes on, each in a thread, so that no other waits for it.

One that answers is looked at every few seconds; one that is away is tried again at random moments
further and further apart, as `patience.py` does where a whole run waits.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from audit.client import watch
from audit.client.failures import RefusedError, RestartedError, WrongModelError
from audit.client.patience import FIRST, LONGEST
from audit.client.replica import Replica
from audit.client.replicas import Replicas
from fairness.errors import ServerError

GRACE = 1.0
"""Seconds for a thread to end by itself; its calls end with the connection."""


@contextmanager
def looked_after(replicas: Replicas) -> Iterator[None]:
    """Look after each of them within the block."""
    ended = Event()
    threads = [
        Thread(target=look_after, args=(replicas, one, ended), daemon=True)
        for one in replicas.members
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for one in replicas.members:
            one.roused.set()
        for thread in threads:
            thread.join(GRACE)


def look_after(replicas: Replicas, one: Replica, ended: Event) -> None:
    """Watch one replica, and take it back whenever it was away, until the run has ended."""
    limit = FIRST
    while not ended.is_set():
        try:
            if one.fault is None:
                one.roused.wait(watch.INTERVAL)
                one.roused.clear()
                limit = FIRST
                if not ended.is_set():
                    replicas.look_at(one)
                continue
            if not isinstance(one.fault, RestartedError):  # that one is there, only to be proved
                ended.wait(random.uniform(0, limit))
                limit = min(2 * limit, LONGEST)
            if not ended.is_set():
                replicas.take_back(one)
        except (WrongModelError, RefusedError) as error:
            replicas.fatal = error
            return
        except ServerError:  # not there yet, or not ready
            continue
        except Exception as error:  # it belongs to the run, not to this thread
            if not ended.is_set():
                replicas.fatal = error
            return
