"""What is proved of the model that answers: before a run, at its end, and whenever it was away.

Where several servers answer it is proved of each of them.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from audit.client.endpoint import ServedModel
from audit.client.failures import GoneError, WrongModelError
from audit.client.patience import Patience
from audit.client.predictor import ServedPredictor
from audit.client.probes import verify
from audit.client.replica import Replica
from audit.client.replicas import Replicas
from audit.client.watch import Watched
from audit.client.window import fixed
from audit.plan import JOURNAL, Plan
from audit.recheck import changed, recheck
from audit.records.journal import Journal
from audit.sample_probes import verify_samples
from fairness.datasets.buffers import PlainBuffers
from fairness.datasets.stream import batches
from fairness.errors import UsageError
from fairness.evaluate import Read, Readings, readings


@dataclass(frozen=True)
class Asking:
    """A plan, and what asks the server about its split."""

    plan: Plan
    watched: Watched
    predict: ServedPredictor
    patience: Patience
    described: Callable[[], ServedModel]
    """Asks the server again what it says of the model."""
    read: Read | None = None
    """Reads its answers; None: as the task reads them."""

    def of(self, one: Replica) -> "Asking":
        """The same plan, and one replica alone."""
        predict = replace(
            self.predict,
            transport=one.watched,
            endpoint=one.endpoint,
            window=fixed(one.window.size),
            buffers=PlainBuffers(0, 0),
        )
        plan = replace(self.plan, model=one.model)
        return Asking(plan, one.watched, predict, self.patience, one.described, self.read)


def identity(asking: Asking) -> str:
    """What the probes say of the model now: `verified`, or `declared` where there are none.

    Raises:
        WrongModelError: it is another one.
    """
    if isinstance(asking.watched, Replicas):
        return identity_of_each(asking, asking.watched)
    plan = asking.plan
    if not plan.options.probes:
        return "declared"
    said = verify(asking.watched, asking.predict.endpoint, plan.model)
    if plan.probes is not None and plan.probes.rows:
        return verify_samples(plan.probes, plan.split, asking.predict)
    return said


def as_described(model: ServedModel) -> tuple[object, ...]:
    """What a server says of a model, and of what runs it, in its configuration."""
    return model.spec, model.version, model.answering.backend, model.answering.runtime


def prove_same(asking: Asking, journal: Readings, recent: Collection[str]) -> None:
    """Prove that a server that was away, or has begun anew, still serves the same model.

    Args:
        asking: of the run.
        journal: everything that was recorded.
        recent: ids of what may have been answered after it began anew: all are asked again.

    Raises:
        WrongModelError: its description, its probes or its answers are others.
        ServerError: it is away.
    """
    if isinstance(asking.watched, Replicas):
        asking.watched.look_again()  # each that was away, by `prove_replica`
        return
    plan = asking.plan
    try:
        now = asking.described()
    except UsageError as error:
        raise WrongModelError(f"it is described otherwise: {error}") from None
    if as_described(now) != as_described(plan.model):
        raise WrongModelError(
            f"model '{plan.model.name}' at {asking.predict.endpoint} describes itself otherwise now"
        )
    asking.watched.look_again()
    identity(asking)
    recheck(plan, asking.predict, journal, recent, asking.read)


def identity_of_each(asking: Asking, replicas: Replicas) -> str:
    """The same of all replicas that get work; in a run, one that is away drops out.

    Raises:
        WrongModelError: one is not of the model of the first.
        GoneError: one is away before the run, or all.
    """
    said, first, begun = "declared", replicas.members[0], replicas.prove is not None
    for one in replicas.serving if begun else replicas.members:
        try:
            if not begun:
                with one.looking:
                    one.watched.look()  # whatever it counts by now is none of ours
            said = identity(asking.of(one))
        except GoneError as error:
            if not begun:
                raise
            replicas.drop(one, error)
        except WrongModelError as error:
            if one is first:
                raise
            raise WrongModelError(
                f"{first.endpoint} and {one.endpoint} do not serve the same model: {error}"
            ) from None
    if not begun:
        compare_answers(asking, replicas)
    return said


def compare_answers(asking: Asking, replicas: Replicas) -> None:
    """Ask all replicas about the first and the last batch of the split, before the run.

    Raises:
        WrongModelError: one answers otherwise than the first, or as another version.
    """
    first, cuts = asking.of(replicas.members[0]), asking.plan.cuts()
    if not cuts:
        return
    stream = batches(asking.plan.split, [cuts[0], *cuts[1:][-1:]])
    parts = list(readings(stream, first.predict, asking.plan.task.read))
    if not parts:
        return
    ids = [id_ for part in parts for id_ in part.ids]
    columns = {name: np.concatenate([p.values[name] for p in parts]) for name in parts[0].values}
    for one in replicas.members[1:]:
        found = changed(asking.plan, asking.of(one).predict, Readings(ids, columns))
        versions = [answered_as(it, asking.plan.model.name) for it in (replicas.members[0], one)]
        if not found and versions[0] != versions[1]:
            found = f"it answers as version {versions[1]!r}, not {versions[0]!r}"
        if found:
            ours, theirs = replicas.members[0].endpoint, one.endpoint
            raise WrongModelError(
                f"{ours} and {theirs} do not serve the same model: asked of {theirs}, {found}"
            )


def answered_as(one: Replica, model: str) -> str:
    """The version that a server names in its answers, which may name none beforehand."""
    seen: dict[str, str] = getattr(one.server, "seen", {})
    return seen.get(model, "")[:50]


def prove_replica(asking: Asking, one: Replica, ended: bool) -> None:
    """Prove that a replica that was away serves the same model, and did before it went.

    Args:
        asking: of the run.
        one: which may be back by now.
        ended: whether what it answered, but is not recorded, will be asked again.

    Raises:
        WrongModelError: it is, or was, another one.
        ServerError: it is away, or its last answers are not recorded yet.
    """
    plan = asking.plan
    with Journal(plan.out / JOURNAL, plan.identity, resume=True) as journal:  # of this thread
        kept = journal.readings(plan.task)
    recorded = one.recent.intersection(kept.ids)
    if not ended and len(recorded) < len(one.recent):
        raise GoneError(f"the last answers of {one.endpoint} are not recorded yet")
    prove_same(asking.of(one), kept, recorded)
    one.recent.clear()
