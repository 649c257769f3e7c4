"""`--mlflow`: what a report shows, logged where people keep the results of their models.

The store gets numbers that are shown, and the files of `report/`, all of them aggregates.
"""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from audit.records.masks import file_name
from audit.report.model_card import shown_rows
from fairness.errors import ServerError, UsageError
from fairness.outcomes import GroupReport
from fairness.text import one_line

EXPERIMENT = "fair-audit"

MOST_AT_ONCE = 900
"""Metrics in one call; a server refuses more than 1000."""

DEFAULTS = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Of mlflow, unless the user's environment says otherwise: a folder may be named, and a server that
is not there is noticed in seconds."""


def check_mlflow(uri: str) -> None:
    """Refuse before anything is sent what could not be logged at the end.

    Raises:
        UsageError: mlflow is not installed.
        ServerError: the store cannot be used.
    """
    if find_spec("mlflow") is None:
        raise UsageError("--mlflow needs mlflow; install the extra: fair-audit-triton[mlflow]")
    try:
        client_of(uri).get_experiment_by_name(EXPERIMENT)
    except Exception as error:  # whatever mlflow or its server raises
        raise ServerError(f"{told_of(uri, error)}; check the address, or leave it out") from None


def client_of(uri: str) -> Any:
    """A client of the store at `uri`."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri)


def told_of(uri: str, error: Exception) -> str:
    """What went wrong, without the name and password of an address."""
    reason = one_line(str(error).replace(uri, shown(uri)))[:200]
    return f"--mlflow {shown(uri)}: not logged: {reason}"


def log_to_mlflow(uri: str, report: GroupReport, verdict: str | None, folder: Path) -> str:
    """Log one run; its id.

    Args:
        uri: of the server, or a folder.
        report: whose shown numbers become metrics, `race/Black/auc` with `_low` and `_high`.
        verdict: of the policy, if there was one.
        folder: `report/`, whose files become artifacts.

    Raises:
        ServerError: it could not be logged; the report stays where it is.
    """
    from mlflow.entities import Metric, Param

    params = [Param(name, value) for name, value in facts_of(report, verdict).items()]
    try:
        client = client_of(uri)
        found = client.get_experiment_by_name(EXPERIMENT)
        experiment = client.create_experiment(EXPERIMENT) if found is None else found.experiment_id
        run = client.create_run(experiment, run_name=name_of(report))
        numbers = list(numbers_of(report).items())
        for first in range(0, len(numbers), MOST_AT_ONCE):
            some = numbers[first : first + MOST_AT_ONCE]
            metrics = [Metric(name, value, run.info.start_time, 0) for name, value in some]
            client.log_batch(run.info.run_id, metrics=metrics)
        client.log_batch(run.info.run_id, params=params)
        for path in files_of(folder):
            client.log_artifact(run.info.run_id, str(path), "report")
        client.set_terminated(run.info.run_id)
    except Exception as error:  # whatever mlflow or its server raises
        raise ServerError(f"{told_of(uri, error)}; the report itself is in {folder}") from None
    return str(run.info.run_id)


def facts_of(report: GroupReport, verdict: str | None) -> dict[str, str]:
    """Whose numbers these are, of which samples, and the verdict on them."""
    names, digest = report.rows[0], report.provenance["data"]["split_sha256"]
    told = {"model": names.model, "dataset": names.dataset, "split": names.split}
    told |= {"split_sha256": digest, "verdict": verdict or "no verdict"}
    return {name: one_line(value)[:500] for name, value in told.items()}


def name_of(report: GroupReport) -> str:
    """What the run is called there: the model."""
    return one_line(report.rows[0].model)[:200]


def numbers_of(report: GroupReport) -> dict[str, float]:
    """Name of a metric to its value: what the report shows, under names that both allow."""
    found: dict[str, float] = {}
    for one in (report, *report.also):
        first = () if one is report else (one.rows[0].label or one.rows[0].model,)
        for _, row in shown_rows(one):
            name = "/".join(file_name(part) for part in (*first, row.attribute, row.group))
            values = {"": row.value, "_low": row.low, "_high": row.high}
            for end, value in values.items():
                if value is not None:
                    found[f"{name}/{row.metric}{end}"] = value
    return found


def files_of(folder: Path) -> Sequence[Path]:
    """The files that the report's manifest names, and it: none that somebody put beside them."""
    manifest = folder / "MANIFEST.sha256"
    names = [line.split("  ", 1)[1] for line in manifest.read_text().splitlines()]
    return [*(folder / name for name in names), manifest]


def shown(uri: str) -> str:
    """The address without a name and password in it."""
    host = urlsplit(uri).netloc
    return uri.replace(host, host.rpartition("@")[2]) if "@" in host else uri
