"""Connected Flower nodes, and the sites that they belong to."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict

from flwr.app import Message, MessageType, RecordDict
from flwr.serverapp import Grid

from fairness.errors import DataError, FairAuditError
from training.fairlora import packing
from training.fairlora.config import Config
from training.runlog import LOG

PAUSE = 1.0
"""Seconds between two checks of the connected nodes."""


def reason_of(message: Message) -> str:
    """Reason of a node's error: the last line of it that is not empty."""
    lines = [line.strip() for line in (message.error.reason or "").splitlines() if line.strip()]
    return lines[-1] if lines else f"error {message.error.code}"


class Nodes:
    """The connected sites. A new node is asked once to describe its site.

    A node that was restarted may come back under a new number; then the newest one stands for its
    partition.
    """

    def __init__(self, grid: Grid, config: Config) -> None:
        """Start without any site."""
        self._grid, self._config = grid, config
        self._task = packing.pack_task(config, None, 0)
        self._partition: dict[int, int] = {}
        self.joined: dict[int, packing.Joined] = {}
        """Self-description of each partition by its number, also of those that have left."""

    def wait(self, wanted: int, seconds: float) -> Mapping[int, int]:
        """Node numbers by partition, as soon as `wanted` partitions are connected.

        Raises:
            DataError: fewer were connected in time.
        """
        deadline = time.monotonic() + seconds
        while len(found := self._connected()) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                names = ", ".join(self.joined[p].name for p in sorted(found)) or "none"
                raise DataError(
                    f"{len(found)} of {wanted} sites were there after {seconds:.0f} s ({names}); "
                    "start the others' SuperNodes, then go on with --resume"
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
                self._partition[node] = -1
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
