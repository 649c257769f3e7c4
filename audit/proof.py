"""What is proved of the model that answers: before a run, at its end, and whenever it was away."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from audit.client.endpoint import ServedModel
from audit.client.failures import WrongModelError
from audit.client.patience import Patience
from audit.client.predictor import ServedPredictor
from audit.client.probes import verify
from audit.client.watch import WatchedTransport
from audit.plan import Plan
from audit.recheck import recheck
from audit.sample_probes import verify_samples
from fairness.errors import UsageError
from fairness.evaluate import Read, Readings


@dataclass(frozen=True)
class Asking:
    """A plan, and what asks the server about its split."""

    plan: Plan
    watched: WatchedTransport
    predict: ServedPredictor
    patience: Patience
    described: Callable[[], ServedModel]
    """Asks the server again what it says of the model."""
    read: Read | None = None
    """Reads its answers; None: as the task reads them."""


def identity(asking: Asking) -> str:
    """What the probes say of the model now: `verified`, or `declared` where there are none.

    Raises:
        WrongModelError: it is another one.
    """
    plan = asking.plan
    if not plan.options.probes:
        return "declared"
    said = verify(asking.watched, plan.options.endpoint, plan.model)
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
    plan = asking.plan
    try:
        now = asking.described()
    except UsageError as error:
        raise WrongModelError(f"it is described otherwise: {error}") from None
    if as_described(now) != as_described(plan.model):
        raise WrongModelError(
            f"model '{plan.model.name}' at {plan.options.endpoint} describes itself otherwise now"
        )
    asking.watched.look_again()
    identity(asking)
    recheck(plan, asking.predict, journal, recent, asking.read)
