"""`--wandb`: the same to Weights & Biases; with WANDB_MODE=offline to a folder of this machine.

W&B would also take host name, command line, packages, git state and the terminal's text along;
none of that is sent.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audit.tracking import EXPERIMENT, facts_of, files_of, name_of, numbers_of
from fairness.errors import ServerError, UsageError
from fairness.outcomes import GroupReport
from fairness.text import one_line

UNSENT = ("offline", "dryrun", "disabled")
"""Values of WANDB_MODE under which nothing is sent, so that nobody need be logged in."""

QUIET: dict[str, Any] = {
    "silent": True,
    "console": "off",
    "host": "not told",
    "disable_code": True,
    "disable_git": True,
    "disable_job_creation": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_disable_machine_info": True,
    "x_save_requirements": False,
}
"""Settings of wandb: only what is logged here leaves."""


def check_wandb(project: str) -> None:
    """Refuse before anything is sent what could not be logged at the end.

    Args:
        project: `PROJECT` or `ENTITY/PROJECT`.

    Raises:
        UsageError: wandb is not installed, or the project cannot be one.
        ServerError: nobody is logged in.
    """
    entity, slash, name = project.rpartition("/")
    if not name or "/" in entity or (slash and not entity):
        raise UsageError(f"--wandb {project}: name a PROJECT, or ENTITY/PROJECT")
    if find_spec("wandb") is None:
        raise UsageError("--wandb needs wandb; install the extra: fair-audit-triton[wandb]")
    if os.environ.get("WANDB_MODE", "").lower() in UNSENT:
        return
    import wandb

    try:
        ready = wandb.login(prompt=False)
    except Exception as error:  # whatever wandb or its server raises
        raise ServerError(
            f"--wandb {project}: {said(error)}; check the key, or its server"
        ) from None
    if not ready:
        raise ServerError(
            f"--wandb {project}: nobody is logged in; run wandb login, or set WANDB_MODE=offline"
        )


def log_to_wandb(project: str, report: GroupReport, verdict: str | None, folder: Path) -> str:
    """Log one run; where it is: an address, or a folder where W&B is offline.

    Args:
        project: `PROJECT` or `ENTITY/PROJECT`.
        report: whose shown numbers become the summary, `race/Black/auc` with `_low` and `_high`.
        verdict: of the policy, if there was one.
        folder: `report/`: its page becomes a panel, its files an artifact.

    Raises:
        ServerError: it could not be logged; the report stays where it is.
    """
    import wandb

    entity, _, name = project.rpartition("/")
    try:
        with wandb.init(
            project=name,
            entity=entity or None,
            name=name_of(report),
            job_type=EXPERIMENT,
            config=facts_of(report, verdict),
            settings=wandb.Settings(**QUIET),
        ) as run:
            run.summary.update(numbers_of(report))
            run.log({"report": wandb.Html(str(folder / "report.html"), inject=False)})
            files = wandb.Artifact(EXPERIMENT, type="report")
            for path in files_of(folder):
                files.add_file(str(path))
            run.log_artifact(files)
            return str(Path(run.dir).parent if run.offline else run.url)
    except Exception as error:  # whatever wandb or its server raises
        raise ServerError(
            f"--wandb {project}: not logged: {said(error)}; the report itself is in {folder}"
        ) from None


def said(error: Exception) -> str:
    """What went wrong, in one line."""
    return one_line(str(error))[:200] or type(error).__name__
