"""Connected Flower nodes, and the sites that they belong to."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import wraps

from flwr.app import Context, Message, MessageType, RecordDict
from flwr.serverapp import Grid

from fairness.errors import DataError, FairAuditError
from training.fairlora import packing
from training.fairlora.config import Config
from training.runlog import LOG

PAUSE = 1.0
"""Seconds between two checks of the connected nodes."""

REFUSED = "this site refuses: "
"""Before an error of ours, so that it is told from a crash in whatever Flower makes of it."""


def saying_refusals(
    handle: Callable[[Message, Context], Message],
) -> Callable[[Message, Context], Message]:
    """A site's handler of messages whose errors of ours are told from crashes (`is_refusal`)."""

    @wraps(handle)
    def wrapped(message: Message, context: Context) -> Message:
        try:
            return handle(message, context)
        except FairAuditError as error:
            raise DataError(f"{REFUSED}{error}") from error

    return wrapped


def reason_of(message: Message) -> str:
    """Reason of a node's error: what an error of ours says, or else its last line."""
    line = _last_line(message)
    # Flower's simulation ends with the two characters, without a beginning in that line.
    return line.split(REFUSED, 1)[1].removesuffix("'>") if REFUSED in line else line


def is_refusal(message: Message) -> bool:
    """Whether a node answers with an error of ours, which a further try would only repeat."""
    return message.has_error() and REFUSED in _last_line(message)


def _last_line(message: Message) -> str:
    lines = [line.strip() for line in (message.error.reason or "").splitlines() if line.strip()]
    return lines[-1] if lines else f"error {message.error.code}"


class Nodes:
    """The connected sites. A new node is asked once to describe its site.

    A node that was restarted may come back under a new number; then the newest one stands for its
    partition.
    """

    def __init__(self, grid: Grid, config: Config, all_here: bool = False) -> None:
        """Start without any site; where all are `all_here`, one that is refused ends the run."""
        self.all_here, self._refused = all_here, ""
        self._grid, self._config = grid, config
        self._task = packing.pack_task(config, None, 0)
        self._partition: dict[int, int] = {}
        self.joined: dict[int, packing.Joined] = {}
        """Self-description of each partition by its number, also of those that have left."""

    def wait(self, wanted: int, seconds: float) -> Mapping[int, int]:
        """Node numbers by partition, as soon as `wanted` partitions are connected.

        Raises:
            DataError: fewer were connected in time, or one was refused and no other can come.
        """
        deadline = time.monotonic() + seconds
        while len(found := self._connected()) < wanted:
            if self.all_here and self._refused:
                raise DataError(self._refused)
            left = deadline - time.monotonic()
            if left <= 0:
                names = ", ".join(self.joined[p].name for p in sorted(found)) or "none"
                why = f", one was refused ({self._refused})" if self._refused else ""
                raise DataError(
                    f"{len(found)} of {wanted} sites were there after {seconds:.0f} s ({names})"
                    f"{why}; start the others' SuperNodes, then go on with --resume"
                )
            time.sleep(min(PAUSE, left))
        return found

    def partition_of(self, node: int) -> int | None:
        """The partition of a node that has joined; -1 where it was refused, None where unknown."""
        return self._partition.get(node)

    def _connected(self) -> dict[int, int]:
        ids = sorted(self._grid.get_node_ids())
        new = [node for node in ids if node not in self._partition]
        if new:
            self._ask(new)
        # Of two nodes of a partition the one that came later stands, as in any mapping.
        found = {p: node for node, p in self._partition.items() if node in ids and p >= 0}
        return dict(sorted(found.items()))

    def _ask(self, ids: list[int]) -> None:
        content = RecordDict({"config": self._task})
        seconds = min(self._config.connect_timeout, self._config.round_timeout)
        messages = [Message(content, node, MessageType.QUERY, ttl=seconds) for node in ids]
        for reply in self._grid.send_and_receive(messages, timeout=seconds):
            node = reply.metadata.src_node_id
            try:
                if reply.has_error():
                    raise DataError(reason_of(reply))
                self._note(node, reply.content)
            except FairAuditError as error:
                self._partition[node], self._refused = -1, str(error)
                LOG.warning(f"node {node} cannot join: {error}")

    def _note(self, node: int, content: RecordDict) -> None:
        plain = json.loads(str(content.config_records["config"]["joined"]))
        joined = packing.read(packing.Joined, plain, f"node {node}")
        others = [j for j in self.joined.values() if j.partition != joined.partition]
        if joined.partition not in range(self._config.clients):
            raise DataError(f"partition {joined.partition} of {self._config.clients} sites")
        ours = asdict(joined)
        for other in others:
            theirs = asdict(other)
            for field in ("target", "groups", "image_shape"):
                if theirs[field] != ours[field]:
                    raise DataError(
                        f"{field} {ours[field]} at {joined.name}, {theirs[field]} at {other.name}"
                    )
        self._partition[node] = joined.partition
        self.joined[joined.partition] = joined
        LOG.info(f"site {joined.name} joined as partition {joined.partition}")
