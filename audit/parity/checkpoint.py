"""A training run's own answers, as torch computes them, by `python -m export.answers`.

It is a process of its own, so that nothing here needs torch.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from audit.compare.runs import Run
from audit.parity.sides import stored_run
from audit.plan import Plan
from audit.waiting import waiting
from fairness.errors import DataError, UsageError


def check_torch() -> None:
    """Refuse a checkpoint where nothing could answer for it.

    Raises:
        UsageError: torch or `export` is not installed.
    """
    if find_spec("torch") is None or find_spec("export") is None:
        raise UsageError("--checkpoint needs torch; install the extra: fair-audit-triton[export]")


def checkpoint_run(checkpoint: Path, plan: Plan, expected: Run, console: Console) -> Run:
    """The answers of a run's best checkpoint about the split of a plan.

    Args:
        checkpoint: folder of the training run.
        plan: of the judged model.
        expected: what it will be asked.
        console: for the wait.

    Raises:
        UsageError, DataError: as `python -m export.answers` says, or as `stored_run`.
    """
    with TemporaryDirectory(prefix="fair-audit-") as folder:
        words = [
            *("--data", str(plan.split.root), "--split", plan.options.split),
            *("--attributes", ",".join(plan.options.attributes), "--out", folder),
        ]
        with waiting(f"asking the checkpoint of {checkpoint} in torch", console):
            done = subprocess.run(
                # -P: the folder that this happens to run in holds no modules of ours
                [sys.executable, "-P", "-m", "export.answers", str(checkpoint), *words],
                capture_output=True,
                text=True,
                errors="replace",
            )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
            reason = lines[-1].removeprefix("export.answers: ")
            kind = UsageError if done.returncode == UsageError.exit_code else DataError
            raise kind(f"--checkpoint {checkpoint}: {reason}")
        return stored_run(Path(folder), plan, expected, f"--checkpoint {checkpoint}")
