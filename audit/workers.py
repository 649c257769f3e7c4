"""`--engine ray`: batches are asked by workers of a cluster, and recorded here as they come.

Ray Data hands the batches to a pool of actors, replaces those that are lost and gives their batches
to others. What it gives back is recorded by sample in the journal of the run, as the answers of one
process would be: whatever is lost, or comes twice, the journal has each sample once.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from audit.client import failures
from audit.client.watch import INTERVAL, WatchedTransport
from audit.plan import Plan
from audit.proof import Asking
from audit.ray_cluster import cluster, from_process
from audit.ray_worker import Task, Worker
from audit.sharded import code
from fairness import errors
from fairness.errors import DataError, FairAuditError, ServerError
from fairness.evaluate import Readings

MOST_BATCHES = 8
"""That a worker gets at once: so many at most are asked again when it is lost."""

ROUNDS = 4
"""A worker comes back for more at least so often, so that all end together."""


def answers_of_workers(asking: Asking, done: set[str]) -> Iterator[Readings]:
    """The answers that the journal lacks, as workers give them.

    Raises:
        FairAuditError: what a worker met, as one process would have met it.
        ServerError: the cluster gave up.
    """
    plan, options = asking.plan, asking.plan.options
    assert options.workers is not None
    ids = plan.split.ids
    todo = [k for k, rows in enumerate(plan.cuts()) if not done.issuperset(ids[i] for i in rows)]
    task = Task(options, plan.model.name, plan.model.version, plan.identity, code())
    shares = shared_out(todo, options.workers)
    watched = asking.watched
    assert isinstance(watched, WatchedTransport)  # several servers were refused
    watched.look()
    watched.life.sent += sys.maxsize  # whatever it counts from now on is no answer to others
    with closing(from_process(asked, (task, shares))) as answers:
        for said in answers:
            if "error" in said:
                raise error_of(said)
            watched.life.answered += said["batches"]
            look_sometimes(watched)
            yield recorded(plan, said)


def shared_out(batches: Sequence[int], workers: int) -> list[str]:
    """Numbers of batches as texts, one a call of a worker."""
    each = max(1, min(MOST_BATCHES, len(batches) // (ROUNDS * workers)))
    parts = [batches[i : i + each] for i in range(0, len(batches), each)]
    return [",".join(map(str, part)) for part in parts]


def asked(given: tuple[Task, Sequence[str]], folder: Path) -> Iterator[dict[str, Any]]:
    """What the workers say, share by share, in whatever order.

    Args:
        given: what workers are told, and the shares.
        folder: for Ray's files.

    Raises:
        ServerError: there is no cluster, or it gave up.
    """
    task, shares = given
    workers = task.options.workers or 1
    with cluster(task.options.ray_address, workers, folder) as ray:
        import ray.data as data

        pool = data.ActorPoolStrategy(size=min(workers, len(shares)))
        calls = [{"batches": share} for share in shares]
        rows = data.from_items(calls, override_num_blocks=len(calls))
        answers = rows.flat_map(Worker, fn_constructor_args=(task,), compute=pool, num_cpus=1)
        try:
            for row in answers.iter_rows():
                yield json.loads(row["answer"])
        except ray.exceptions.RayError as error:
            last = str(error).strip().splitlines()[-1:]
            raise ServerError(f"Ray gave up: {''.join(last) or type(error).__name__}") from None


def error_of(said: Mapping[str, Any]) -> FairAuditError:
    """An error that a worker met, of the nearest kind that is known here."""
    for name in said["kinds"]:
        kind = getattr(failures, name, None) or getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, FairAuditError):
            return kind(said["error"])
    return DataError(said["error"])


def look_sometimes(watched: WatchedTransport) -> None:
    """Compare the server's count with the answers that came, every few seconds.

    Raises:
        RestartedError: the model has been loaded again.
    """
    if time.monotonic() >= watched.looked + INTERVAL:
        watched.look()


def recorded(plan: Plan, said: Mapping[str, Any]) -> Readings:
    """Answers of a worker as readings; what it left out is left out here."""
    for row, reason in said["skipped"]:
        plan.split.leave_out(row, DataError(reason))
    ids = tuple(plan.split.ids[row] for row in said["rows"])
    return Readings(ids, {name: np.array(found) for name, found in said["values"].items()})
