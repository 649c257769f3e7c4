"""A worker of `--engine ray`: one connection to the server and one reader, in an actor of Ray.

It gets numbers of batches and gives back, as text of JSON, what was read from their answers. It
writes nothing: the journal is that of the process that began the audit.
"""

import json
import os
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from audit.audited_split import fits_when_read
from audit.batch_bytes import batch_bytes
from audit.client.endpoint import describe
from audit.client.parts import PartsTransport
from audit.client.predictor import ServedPredictor
from audit.client.sending import sending
from audit.options import AnalysisOptions, Options
from audit.plan import Plan, plan_audit
from audit.ray_cluster import error_said
from audit.reached import reached
from audit.reading import kept_images
from audit.sharded import code
from audit.sizes import most_answer_bytes
from fairness.datasets.read_ahead import read_ahead
from fairness.errors import FairAuditError, UsageError
from fairness.evaluate import readings
from fairness.foreign.model_yaml import read_model_yaml


@dataclass(frozen=True)
class Task:
    """What every worker of an audit is told."""

    options: Options
    model: str
    version: str
    identity: Mapping[str, str]
    """Of the run, which a worker's own must be."""
    code: Mapping[str, str]
    """Versions of what reads files and answers, which must be the worker's, too."""


class Worker:
    """Answers batches by their numbers; opens data and connection when it is first asked."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.open = ExitStack()
        self.answer: Callable[[Sequence[int]], dict[str, Any]] | None = None

    def __call__(self, row: Mapping[str, Any]) -> list[dict[str, str]]:
        """One row with the numbers of batches > one row with the numbers read, or with an error."""
        try:
            if self.answer is None:
                self.answer = opened(self.task, self.open)
            said = self.answer([int(number) for number in str(row["batches"]).split(",")])
        except FairAuditError as error:
            self.open.close()  # what comes next finds a new connection
            self.open, self.answer = ExitStack(), None
            said = error_said(error)
        return [{"answer": json.dumps(said)}]


def opened(task: Task, stack: ExitStack) -> Callable[[Sequence[int]], dict[str, Any]]:
    """Open the data and the connection; what answers batches then.

    Raises:
        UsageError: this machine has other data, another version of something, or another server.
        FairAuditError: as an audit.
    """
    nowhere = Path(tempfile.gettempdir()) / f"fair-audit-worker-{os.getpid()}-writes-nothing"
    options = replace(task.options, analysis=AnalysisOptions(), out=nowhere, resume=False)
    said = read_model_yaml(options.spec) if options.spec is not None else None
    with reached(options, options.onnx) as server:
        model = describe(server, task.model, said, task.version or None)
    plan = plan_audit(options, model, nowhere)
    for ours, theirs in ((code(), task.code), (plan.identity, task.identity)):
        for name, value in ours.items():
            if value != theirs.get(name, ""):
                raise UsageError(
                    f"the worker on {socket.gethostname()} is another: its {name} is {value}, that "
                    f"of the audit is {theirs.get(name, 'none')}; give all machines the same"
                )
    most = most_answer_bytes(plan.model, plan.split.shapes)
    server = stack.enter_context(reached(options, options.onnx, most))
    wanted = (options.transport, options.in_flight, quiet, 1)
    way = stack.enter_context(sending(server, batch_bytes([plan]), *wanted))
    cache = stack.enter_context(kept_images(options, Console(quiet=True)))
    predict = ServedPredictor(
        PartsTransport(way.transport, quiet),
        options.endpoint,
        plan.model,
        way.window,
        fitted=fits_when_read(options, plan.model),
        buffers=way.buffers,
    )
    cuts = plan.cuts()

    def answer(numbers: Sequence[int]) -> dict[str, Any]:
        chosen = [cuts[number] for number in numbers]
        stream = read_ahead(plan.split, chosen, way.buffers, 1, cache)
        found = list(readings(stream, predict, plan.task.read))
        return told(plan, [int(i) for rows in chosen for i in rows], found, len(numbers))

    return answer


def told(plan: Plan, rows: Sequence[int], found: Sequence[Any], batches: int) -> dict[str, Any]:
    """What was read, with numbers of samples in the place of their ids; what was left out, why."""
    place = {plan.split.ids[row]: row for row in rows}
    skipped = [(place[id_], why) for id_, why in plan.split.skipped if id_ in place]
    values = {
        name: [float(number) for part in found for number in part.values[name]]
        for name in plan.task.value_names
    }
    answered = [place[id_] for part in found for id_ in part.ids]
    return {"rows": answered, "values": values, "skipped": skipped, "batches": batches}


def quiet(_: str) -> None:
    """A worker has no terminal."""
