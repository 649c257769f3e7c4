"""Hands requests to whichever replica has room, and again to another where one is lost.

A request stays here until it is answered; of two answers to it only that of the last call counts.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Lock

from audit.client.failures import GoneError
from audit.client.replica import Job, Replica
from audit.client.transport import Request
from audit.client.wire import Output
from fairness.errors import ServerError

Outputs = list[Output]


@dataclass
class Dispatch:
    """The requests of a run, waiting or under way."""

    members: Sequence[Replica]
    lost: Callable[[Replica, ServerError], None]
    """Is told that a replica went away with a request."""
    none_left: Callable[[], GoneError]
    """What whoever asks is told where no replica is left."""
    ways: int = 1
    """Requests of a batch."""
    retries: int = 0
    """Requests that were sent again."""
    who: dict[str, Replica] = field(default_factory=dict)
    """Who answered a batch that is not recorded yet."""
    lock: Lock = field(default_factory=Lock)
    """Of everything here, and of what replicas have under way."""
    _waiting: deque[Job] = field(default_factory=deque)

    def send(self, request: Request) -> "Future[Outputs]":
        """As `Transport`; where no replica is left the future fails."""
        job = Job(request, Future())
        with self.lock:
            self._waiting.append(job)
        job.future.add_done_callback(lambda done: self._forget(job) if done.cancelled() else None)
        self.share_out()
        return job.future

    def take_from(self, one: Replica) -> None:
        """Give to others what a replica, which gets no more work, has under way."""
        with self.lock:
            jobs, calls = list(one.jobs), [job.call for job in one.jobs]
            one.jobs.clear()
            for job in jobs:
                job.replica = job.call = None
            self._waiting.extendleft(jobs)
            self.retries += len(jobs)
        for call in calls:
            if call is not None:
                call.cancel()
        self.share_out()

    def share_out(self) -> None:
        """Send what waits as far as there is room; where no replica is left, fail it."""
        while True:
            with self.lock:
                serving = [one for one in self.members if one.fault is None]
                if not self._waiting or not serving:
                    failed = list(self._waiting)
                    self._waiting.clear()
                    break
                best = min(serving, key=lambda one: one.load)
                if len(best.jobs) >= best.window.size * self.ways:
                    return
                job = self._waiting.popleft()
                job.replica, job.tries = best, job.tries + 1
                best.jobs.add(job)
                best.asked += 1
            self._ask(job, best)
        for job in failed:
            fail(job, self.none_left())

    def _ask(self, job: Job, one: Replica) -> None:
        try:
            call = one.watched.send(job.request)
        except ServerError as error:
            call = Future()
            call.set_exception(error)
        with self.lock:
            wanted = job.replica is one and one.fault is None
            job.call = call if wanted else job.call
        if wanted:
            call.add_done_callback(partial(self._arrived, job, one))
        else:
            call.cancel()

    def _arrived(self, job: Job, one: Replica, call: "Future[Outputs]") -> None:
        error = None if call.cancelled() else call.exception()
        again = isinstance(error, GoneError) and job.tries <= len(self.members)
        with self.lock:
            if job.call is not call:
                return  # it was given to another, or nobody waits for it
            if not again:
                one.jobs.discard(job)
                job.call = job.replica = None
            if error is None and not call.cancelled():
                self._note(job, one)
        if isinstance(error, GoneError):
            self.lost(one, error)
        if call.cancelled():
            job.future.cancel()
        elif error is None:
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(call.result())
        elif not again:
            fail(job, error)
        self.share_out()

    def _note(self, job: Job, one: Replica) -> None:
        one.window.answered(job.request.rows)
        self.who[job.request.batch] = one
        if not one.watched.uncounted:
            one.recent.add(job.request.batch)

    def _forget(self, job: Job) -> None:
        """Nobody waits for it any more."""
        with self.lock:
            if job in self._waiting:
                self._waiting.remove(job)
            if job.replica is not None:
                job.replica.jobs.discard(job)
            call, job.call, job.replica = job.call, None, None
        if call is not None:
            call.cancel()


def fail(job: Job, error: BaseException) -> None:
    """Hand an error to whoever waits for a request."""
    if job.future.set_running_or_notify_cancel():
        job.future.set_exception(error)
