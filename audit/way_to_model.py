"""How an audit reaches its model: one server, a file in its place, or several servers as one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from audit.batch_bytes import batch_bytes
from audit.client.connection import Connection
from audit.client.endpoint import ServedModel, connect, describe
from audit.client.engine import with_engine
from audit.client.keeper import looked_after
from audit.client.parts import PartsTransport
from audit.client.replica import Replica
from audit.client.replicas import Replicas
from audit.client.sending import Sending, sending, window_for
from audit.client.transport import Server
from audit.client.watch import WatchedTransport
from audit.plan import Plan
from audit.reached import reached
from audit.sizes import most_answer_bytes
from fairness.datasets.buffers import PlainBuffers
from fairness.foreign.model_yaml import Described
from fairness.group_input import ways_of


@dataclass(frozen=True)
class WayToModel:
    """An open way to a model."""

    server: Server
    """That answers; the first of several."""
    sending: Sending
    model: ServedModel
    """As it was planned, with what runs it."""
    described: Callable[[], ServedModel]
    """Asks the server again what it says of the model."""


@contextmanager
def way_to_model(
    parts: Sequence[Plan],
    servers: Sequence[Connection],
    said: Described | None,
    tell: Callable[[str], None],
) -> Iterator[WayToModel]:
    """Open the way for the batches of an audit, and clear up in the end.

    Args:
        parts: plans of the audit, of one model.
        servers: that share the work.
        said: a description, of a model that does not describe itself.
        tell: is told in a line what is worth knowing.

    Raises:
        ServerError: a server does not answer any more, or says nothing of the model.
    """
    plan = parts[0]
    options, model = plan.options, plan.model
    most_bytes = max(most_answer_bytes(part.model, part.split.shapes) for part in parts)
    of = (model.name, said, options.version or model.version or None)
    if len(servers) > 1:
        with replicated(parts, servers, most_bytes, of, tell) as way:
            yield way
        return
    alone = replace(options, connection=servers[0])
    wanted = (options.transport, options.in_flight, tell, options.readers)
    with (
        reached(alone, options.onnx, most_bytes) as server,
        sending(server, batch_bytes(parts), *wanted) as found,
    ):
        whole = replace(found, transport=PartsTransport(found.transport, tell))
        again = partial(describe, server, *of)
        yield WayToModel(server, whole, with_engine(server, model), again)


@contextmanager
def replicated(
    parts: Sequence[Plan],
    servers: Sequence[Connection],
    most_bytes: int,
    of: tuple[str, Described | None, str | None],
    tell: Callable[[str], None],
) -> Iterator[WayToModel]:
    """Several servers as one way; arguments as `way_to_model`.

    `most_bytes` are those that an answer may have, `of` is the model as `describe` takes it.
    """
    plan, sizes = parts[0], batch_bytes(parts)
    options = plan.options
    with ExitStack() as stack:
        members = []
        for connection in servers:
            server = stack.enter_context(connect(connection, most_bytes))
            again = partial(describe, server, *of)
            now = again()
            planned = replace(plan.model, server=now.server, device=now.device)
            model = with_engine(server, replace(planned, answering=now.answering))
            whole = PartsTransport(server, tell)
            watched = WatchedTransport(whole, connection.endpoint, model, by_itself=False)
            window = window_for(sizes, options.in_flight, options.readers, len(servers))
            members.append(Replica(connection.endpoint, server, watched, window, model, again))
        replicas = Replicas(members, tell, len(ways_of(plan.model.spec.group_input)))
        number = sizes.slots(sum(one.window.most for one in members), options.readers)
        buffers = PlainBuffers(number, sizes.images)
        stack.callback(buffers.close)
        tell(f"{len(members)} servers share the work; images go to them as bytes")
        stack.enter_context(looked_after(replicas))
        first = members[0]
        shared = Sending(replicas, buffers, replicas)
        yield WayToModel(first.server, shared, first.model, first.described)
