"""Several servers of one model as one way to it, each with a watch and a window of its own.

One that goes away drops out, and what it had under way goes to the others; when it answers again it
is proved to serve the same model before it gets work. Only where none is left does whoever asks
learn of it.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from tritonclient.grpc.service_pb2 import ModelStatistics

from audit.client.delivery import PHASES
from audit.client.dispatch import Dispatch
from audit.client.failures import GoneError, RefusedError, WrongModelError
from audit.client.replica import Replica
from audit.client.transport import Request
from audit.client.wire import Output
from fairness.errors import ServerError

Outputs = list[Output]


@dataclass
class Replicas:
    """A `Watched` transport over several servers, and how many batches they take at once."""

    members: Sequence[Replica]
    tell: Callable[[str], None]
    """Is told in a line when one drops out, and when it is back."""
    ways: int = 1
    """Requests of a batch."""
    prove: Callable[[Replica, bool], None] | None = None
    """Proves one that was away, and whether the stream has ended since; None before the run."""
    sent: int = 0
    fatal: Exception | None = None
    """Why the run must end, as somebody else than the one who asks found out."""
    dispatch: Dispatch = field(init=False)

    def __post_init__(self) -> None:
        self.dispatch = Dispatch(self.members, self.drop, self._none_left, self.ways)

    @property
    def serving(self) -> list[Replica]:
        """Those that get work."""
        return [one for one in self.members if one.fault is None]

    @property
    def kind(self) -> str:
        """The way, for the report."""
        return " and ".join(sorted({str(getattr(r.server, "kind", "")) for r in self.members}))

    @property
    def size(self) -> int:
        """Batches that they take at once, as `InFlight`."""
        return max(1, sum(one.window.size for one in self.serving))

    def answered(self, images: int) -> None:
        """As `InFlight`; each window learns by the answers of its own replica."""

    @property
    def uncounted(self) -> bool:
        """As `Watched`: whether any has no count."""
        return any(one.watched.uncounted for one in self.members)

    @property
    def restarts(self) -> int:
        """Of all."""
        return sum(one.watched.restarts for one in self.members)

    @property
    def retries(self) -> int:
        """Requests that were sent again."""
        return self.dispatch.retries

    @property
    def recent(self) -> Collection[str]:
        """As `Watched`: of replicas that are away, and may have begun anew before."""
        return {batch for one in self.members if one.fault is not None for batch in one.recent}

    def begin(self, prove: Callable[[Replica, bool], None]) -> None:
        """Begin a run: from now on one that is away is waited for, and answers are counted."""
        self.prove = prove
        for one in self.members:
            one.images = 0

    def send(self, request: Request) -> "Future[Outputs]":
        """Send a request; arguments and errors as `Transport`."""
        self._check()
        self.sent += 1
        return self.dispatch.send(request)

    def count(self, model: str, version: str) -> int | None:
        """As `Transport`, of all together."""
        found = [one.server.count(model, version) for one in self.members]
        return None if None in found else sum(filter(None, found))

    def renewed(self) -> None:
        """As `Transport`; each is told by its own watch."""

    def statistics(self, model: str, version: str) -> ModelStatistics | None:
        """As `Server`, of all together; None where one does not tell, or began to count anew."""
        if self.restarts or len(self.serving) < len(self.members):
            return None
        total = ModelStatistics()
        for one in self.members:
            found = one.server.statistics(model, version)
            if found is None:
                return None
            total.inference_count += found.inference_count
            total.execution_count += found.execution_count
            for phase in ("success", "cache_hit", *PHASES):
                ours, theirs = (getattr(of.inference_stats, phase) for of in (total, found))
                ours.count, ours.ns = ours.count + theirs.count, ours.ns + theirs.ns
        return total

    def kept(self, ids: Collection[str]) -> None:
        """As `Watched`."""
        replica = self.dispatch.who.pop(next(iter(ids)), None)
        if replica is not None:
            replica.images += len(ids)

    def look(self, patience: float | None = None) -> None:
        """As `Watched`, at each that gets work; one that fails drops out.

        Raises:
            GoneError: none is left.
            ReplacedError: one that was away serves another model now.
        """
        for one in self.serving:
            self.look_at(one, patience)
        self._check()

    def look_at(self, one: Replica, patience: float | None = None) -> None:
        """Compare the count of one with its answers; it drops out where that fails."""
        with one.looking:
            if one.fault is not None:
                return
            with self.dispatch.lock:
                before = set(one.recent)
            try:
                one.watched.look(patience)
            except ServerError as error:
                self.drop(one, error)
                return
            with self.dispatch.lock:
                one.recent -= before

    def look_again(self) -> None:
        """As `Watched`, when the stream has ended: prove those that are away.

        Raises:
            GoneError: all are away still.
            ReplacedError: one serves another model.
        """
        for one in self.members:
            try:
                self.take_back(one, ended=True)
            except (WrongModelError, RefusedError):
                raise
            except ServerError:  # not there yet, or not ready
                continue
        self._check()

    def take_back(self, one: Replica, *, ended: bool = False) -> None:
        """Give work again to one that was away, once it is proved; errors are those of the proof.

        Args:
            one: which may be back by now.
            ended: whether nobody waits for an answer of its any more.
        """
        with one.looking:
            if one.fault is None:
                return
            if self.prove is None:
                raise one.fault
            try:
                self.prove(one, ended)
            except ServerError as error:
                one.fault = error
                raise
            with self.dispatch.lock:
                one.fault = None
        self.tell(f"{one.endpoint} is back and serves the same model")
        self.dispatch.share_out()

    def drop(self, one: Replica, error: ServerError) -> None:
        """Give no more work to one, and what it has under way to others."""
        with self.dispatch.lock:
            if one.fault is not None:
                return
            one.fault = error
            one.absences += 1
            left = len(self.serving)
        if left:
            others = "the other goes on" if left == 1 else f"the other {left} go on"
            self.tell(f"{one.endpoint} dropped out, {others}: {error}")
        self.dispatch.take_from(one)
        one.roused.set()

    def _none_left(self) -> GoneError:
        faults = [one.fault for one in self.members if one.fault is not None]
        last = faults[-1] if faults else None
        kind = type(last) if isinstance(last, GoneError) else GoneError
        return kind(f"none of the {len(self.members)} servers answers: {last}")

    def _check(self) -> None:
        """Raises what ends the run, or what must be waited for."""
        if self.fatal is not None:
            raise self.fatal
        if not self.serving:
            raise self._none_left()
