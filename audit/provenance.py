"""What was measured, on what, with what: a report's account of itself."""

import time
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from audit.client.endpoint import ServedModel
from fairness.contract import Threshold
from fairness.datasets.reader import Split


def provenance_of(
    model: ServedModel,
    identity: str,
    split: Split,
    n: int,
    threshold: Threshold | None,
    endpoint: str,
) -> dict[str, Any]:
    """What was measured, on what, with what: everything a reader needs to repeat it."""
    spec = model.spec
    statements = [split.statement() or ""]
    if threshold is not None and threshold.split_sha256 == split.fingerprint():
        statements.append("the threshold was chosen on this very split: its rates are optimistic")
    return {
        "what_answered": f"{model.name} version {model.version} ({identity}), {spec.method}, "
        f"answered by {model.server} on {model.device}",
        "model": {
            "name": model.name,
            "version": model.version,
            "identity": identity,
            "method": spec.method,
            "target": spec.target,
            "precision": spec.precision,
            "checkpoint_sha256": spec.checkpoint_sha256,
            "model_sha256": spec.model_sha256,
            "parity": dict(spec.parity),
        },
        "data": {
            "dataset": split.name,
            "split": split.split,
            "path": str(split.root),
            "split_sha256": split.fingerprint(),
            "n": n,
            "n_skipped": len(split.skipped),
            "statement": "; ".join(filter(None, statements)),
        },
        "threshold": asdict(threshold) if threshold else None,
        "server": {"name": model.server, "endpoint": endpoint, "device": model.device},
        "tool": {"name": "fair-audit", "version": version("fair-audit-triton")},
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
