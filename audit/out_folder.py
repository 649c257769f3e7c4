"""Refuses the folder of a run that cannot be written to, or whose run cannot be continued."""

import os
from pathlib import Path

from fairness.errors import UsageError

REPLACED = Path("records", "replaced.txt")
"""Says why a run cannot be resumed: its answers may be of more than one model."""


def check_unmixed(out: Path) -> None:
    """Refuse to resume a run in the middle of which the model was replaced.

    Raises:
        UsageError: it was.
    """
    if (out / REPLACED).exists():
        raise UsageError(
            f"cannot resume {out}: the model was replaced while it answered, see {out / REPLACED}; "
            "audit it anew into another --out, without --resume"
        )


def check_writable(out: Path) -> None:
    """Refuse a folder that the run could not be written to; makes nothing.

    Raises:
        UsageError: the path, one above it, or a folder in it is a file or may not be written to.
    """
    try:
        there = next(path for path in (out, *out.absolute().parents) if path.exists())
        inside = [path for path in (out / "report", out / "records") if path.exists()]
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}; choose another folder") from None
    for path in (there, *inside):
        if not path.is_dir():
            raise UsageError(f"--out {out}: {path} is a file; choose another folder")
        if not os.access(path, os.W_OK | os.X_OK):
            raise UsageError(f"--out {out}: no right to write into {path}; choose another folder")
