"""Provenance of a report: what was measured, on what data, with what."""

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from audit.client.answering import NOT_STATED
from audit.client.delivery import Delivery
from audit.client.endpoint import ServedModel
from audit.plan import Plan
from audit.records.predictions import Predictions
from audit.typed import typed_command
from fairness.contract import Threshold
from fairness.groups import said_of_ages
from fairness.outcomes import Names

LIBRARIES = ("numpy", "scipy", "tritonclient")
"""Whose versions stand in a report, beside Python's."""


@dataclass(frozen=True)
class Speed:
    """How fast a server answered in this run; what a resumed run had already is not in it."""

    images: int
    seconds: float
    delivery: Delivery | None = None
    """How the answers came about; None where nothing was asked."""
    replicas: tuple[Mapping[str, Any], ...] = ()
    """Which server answered how many, and what runs the model there, where there are several."""

    def told(self) -> dict[str, float | int]:
        """As report.json has it."""
        rate = self.images / self.seconds if self.seconds else 0.0
        return {
            "images": self.images,
            "seconds": round(self.seconds, 2),
            "images_per_second": round(rate, 1),
        }


def of_served_model(
    plan: Plan, identity: str, n: int, speed: Speed, words: Sequence[str], uncounted: bool = False
) -> dict[str, Any]:
    """Provenance of answers that a server gave.

    Args:
        plan: of the audit.
        identity: `verified` or `declared`.
        n: samples scored.
        speed: of the answers of this run.
        words: the command line.
        uncounted: whether the server has no count of its answers, which would show a reload.
    """
    model, split, threshold = plan.model, plan.split, plan.threshold
    spec = model.spec
    chosen = spec.selected_on
    said = model.foreign.said if model.foreign else None
    about: dict[str, Any] = {
        "what_answered": _what_answered(model, identity, uncounted, len(speed.replicas)),
        "model": {
            "name": model.name,
            "version": model.version or None,
            "identity": identity,
            "method": spec.method,
            "target": spec.target,
            "precision": spec.precision or None,
            "checkpoint_sha256": spec.checkpoint_sha256 or None,
            "model_sha256": spec.model_sha256 or None,
            "parity": dict(spec.parity),
            **({"selected_on": chosen.said()} if chosen else {}),
            **({"group_input": spec.group_input.attribute} if spec.group_input else {}),
            **({"description_sha256": said.sha256} if said else {}),
        },
        "data": {
            "dataset": split.name,
            "split": split.split,
            "path": str(split.root),
            "split_sha256": split.fingerprint(),
            "n": n,
            "n_skipped": len(split.skipped),
            "statement": _statement(plan),
        },
        "server": {
            "name": model.server,
            "endpoint": plan.options.endpoint,
            "device": model.device,
            **model.answering.told(),
        },
        **(workers_told(plan) if plan.options.engine == "ray" else {}),
        **({"speed": speed.told()} if speed.images else {}),
        **({"delivery": speed.delivery.told()} if speed.delivery else {}),
        **({"replicas": list(speed.replicas)} if speed.replicas else {}),
    }
    return with_tool(about, threshold, words)


def workers_told(plan: Plan) -> dict[str, Any]:
    """Who asked, where it was not this process."""
    return {"workers": {"engine": f"Ray {version('ray')}", "number": plan.options.workers}}


def _what_answered(model: ServedModel, identity: str, uncounted: bool, servers: int) -> str:
    """Model, server, backend and device in one line; arguments as `of_served_model`.

    Of several servers it is the first that is described.
    """
    said = model.foreign.said if model.foreign else None
    guessed = f" ({said.guesses} guesses in it unchecked)" if said and said.guesses else ""
    described = f"; described by {said.path.name}{guessed}, SHA-256 {said.sha256}" if said else ""
    noticed = (
        "only its probes would show it"
        if identity.startswith("verified")
        else "nothing would show it"
    )
    unwatched = f"; had this version been replaced meanwhile, {noticed}" if uncounted else ""
    device = "a device that it does not state" if model.device == NOT_STATED else model.device
    others = f", the first of {servers} servers" if servers else ""
    return (
        f"{model.name} version {model.stated_version} ({identity}), {model.spec.method}, answered "
        f"by {model.server} ({model.answering.name}) on {device}{others}{described}"
        f"{unwatched}"
    )


def _statement(plan: Plan) -> str:
    """What a reader must know of the data, and of what was chosen on them."""
    split, threshold, chosen = plan.split, plan.threshold, plan.model.spec.selected_on
    statements = [split.statement() or "", said_of_ages(split.covariates)]
    if threshold is not None and threshold.split_sha256 == split.fingerprint():
        statements.append("the threshold was chosen on this very split: its rates are optimistic")
    if chosen is not None and chosen.tells_of(split.split, split.fingerprint()):
        statements.append(
            "WARNING: the epoch was chosen on this very split: all its numbers are optimistic"
        )
    return "; ".join(filter(None, statements))


def of_file(
    source: Path,
    names: Names,
    predictions: Predictions,
    threshold: Threshold | None,
    words: Sequence[str],
) -> dict[str, Any]:
    """Provenance of scores that a file holds; `words` are the command line."""
    statements = [predictions.statement, said_of_ages(predictions.everything.cases.covariates)]
    about = {
        "what_answered": f"{names.model}: scores as found in the file, nothing was asked",
        "model": {"name": names.model},
        "data": {
            "dataset": names.dataset,
            "split": names.split,
            "path": str(source),
            "split_sha256": predictions.split_sha256,
            "n": len(predictions.everything.cases),
            "n_skipped": 0,
            "statement": "; ".join(filter(None, statements)),
        },
    }
    return with_tool(about, threshold, words)


def with_tool(
    about: Mapping[str, object], threshold: Threshold | None, words: Sequence[str]
) -> dict[str, Any]:
    """The provenance with the threshold, this tool, its command and libraries, and the time."""
    return {
        **about,
        "threshold": asdict(threshold) if threshold else None,
        "tool": {"name": "fair-audit", "version": version("fair-audit-triton")},
        "command": typed_command(words),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
