"""The commands of `fair-audit`, called from Python; errors are raised, not printed."""

import io
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from rich.console import Console

from audit.command import run_command
from fair_audit.result import Result
from fairness.errors import UsageError


def audit(endpoint: str, *, model: str, out: str | Path | None = None, **flags: object) -> Result:
    """Audit a served model: `fair-audit --endpoint ENDPOINT --model MODEL ...`.

    Args:
        endpoint: HOST:PORT of gRPC, or http://HOST:PORT.
        model: its name on the server.
        out: folder of the run; without it, one that goes with the result.
        flags: those of the command, `_` for `-`: data="patients.csv", attributes="sex,scanner".

    Raises:
        FairAuditError: one line that says what is wrong.
    """
    words = ["--endpoint", endpoint, "--model", model, *flags_of(flags)]
    return in_folder(out, lambda folder: [*words, "--out", str(folder)])


def compare(
    a: Result | str | Path,
    b: Result | str | Path,
    *others: Result | str | Path,
    **flags: object,
) -> Result:
    """Hold run `b`, and any others, against run `a`: `fair-audit compare A B ...`.

    Args:
        a: the reference: a result of `report` or `audit`, or the folder of a run.
        b: the other one, on the same samples.
        others: further runs on them; then the result is the table of all.
        flags: those of the command, `_` for `-`: common=True.

    Raises:
        FairAuditError: one line that says what is wrong.
    """
    runs = [str(one.folder if isinstance(one, Result) else one) for one in (a, b, *others)]
    out = flags.pop("out", None)
    words = ["compare", *runs, *flags_of(flags)]
    return in_folder(
        None if out is None else Path(str(out)), lambda folder: [*words, "--out", str(folder)]
    )


def in_folder(out: str | Path | None, command: Callable[[Path], list[str]]) -> Result:
    """Run a command that writes into a folder: the given one, or one that goes with the result."""
    folder = Path(mkdtemp(prefix="fair-audit-")) / "run" if out is None else Path(out)
    said = io.StringIO()
    try:
        run_command(command(folder), Console(file=said, width=120))
        if not folder.is_dir():
            raise UsageError(f"nothing was written: {said.getvalue().strip()[-200:]}")
    except BaseException:  # whatever ends the command, Ctrl-C too, no folder of ours stays
        if out is None:
            shutil.rmtree(folder.parent)
        raise
    result = Result(folder)
    if out is None:
        weakref.finalize(result, shutil.rmtree, folder.parent, ignore_errors=True)
    return result


def flags_of(flags: dict[str, object]) -> list[str]:
    """`age_bins="40,60"` as `--age-bins 40,60`; True as the flag alone, False as `--no-...`."""
    words = []
    for name, value in flags.items():
        flag = name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", str(value)]
    return words
