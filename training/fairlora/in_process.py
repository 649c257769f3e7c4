"""All sites in this process, one after the other: Flower's apps without Flower's processes."""

from collections.abc import Callable, Iterable

from flwr.app import Context, Error, Message, RecordDict
from flwr.app.user_config import UserConfig
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid
from flwr.supercore.run import Run

# Flower 1.41 stamps each message with the task that sends it, and offers no other way to set it.
from flwr.supercore.task_identity import TaskIdentity

SERVER = 1
CRASHED = 2
"""Flower's code for a ClientApp that raised an exception."""


class LocalGrid(Grid):
    """Hands each message to the ClientApp and returns its replies, in the order of the nodes."""

    def __init__(self, client_app: ClientApp | Callable[[Message, Context], Message], clients: int):
        """Give each client a node of its own, with the partition as its only setting."""
        TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, SERVER
        self._call = client_app
        self._run = Run.create_empty(run_id=1)
        self._contexts = {
            SERVER + 1 + partition: Context(
                run_id=1,
                node_id=SERVER + 1 + partition,
                node_config=UserConfig({"partition-id": partition, "num-partitions": clients}),
                state=RecordDict(),
                run_config=UserConfig(),
            )
            for partition in range(clients)
        }

    def set_run(self, run: Run) -> None:
        """Take part in a run; there is one only."""
        self._run = run

    @property
    def run(self) -> Run:
        """The run."""
        return self._run

    def create_message(
        self,
        content: RecordDict,
        message_type: str,
        dst_node_id: int,
        group_id: str,
        ttl: float | None = None,
    ) -> Message:
        """A message to a node."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        """Numbers of all nodes, which are always connected."""
        return sorted(self._contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Refuse: nothing happens between sending and receiving here."""
        raise NotImplementedError("use send_and_receive")

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Refuse: nothing happens between sending and receiving here."""
        raise NotImplementedError("use send_and_receive")

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """The replies; a client that raises an exception answers with an error, as in Flower."""
        return [self._deliver(message) for message in messages]

    def _deliver(self, message: Message) -> Message:
        try:
            return self._call(message, self._contexts[message.metadata.dst_node_id])
        except Exception as error:  # whatever a client does must not end the server
            return Message(Error(CRASHED, f"{type(error).__name__}: {error}"), reply_to=message)
