"""`python -m export`: a training run becomes the next version of a model in a Triton repository.

Exit codes: 0 done, 2 the command makes no sense, 3 data, 130 interrupted.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from export.repository import require_name, require_writable
from export.tolerance import Precision
from fairness.errors import DataError, UsageError
from fairness.guard import DEBUG_HELP, guarded

RUNS = Path("runs")

DESCRIPTION = """Export a training run as an ONNX model that Triton serves.

The model takes images as stored, prepares them itself, and answers a probability, or a mask. Before
anything is written, torch and ONNX Runtime must agree on fresh images, within what the precision
allows.

Examples:

  python -m export

  python -m export runs/fairclip/20260102-030405 --repository model_repository --name fairclip

  python -m export --name fairclip_small --threads 2

  python -m export --precision int8-dynamic
"""


@dataclass(frozen=True)
class Options:
    """The arguments of `python -m export`."""

    run: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")] = None
    """Folder of a training run; without it, the newest under runs/."""
    repository: Path = Path("model_repository")
    """Triton's model repository; made if absent."""
    name: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """The model's name in the repository; without it, that of the training method."""
    precision: Precision = "fp32"
    """fp16: float16 behind the first convolution. int8-dynamic: matrix products in int8, whose
    answers depend on the batch. The name gets a suffix, so that variants lie side by side."""
    threads: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """CPU threads of one inference; without it, the server decides."""
    with_probabilities: tyro.conf.FlagCreatePairsOff[bool] = False
    """Of a model that draws masks, serve the probability of each class as well."""
    merge_group: Annotated[str | None, tyro.conf.arg(metavar="GROUP")] = None
    """Of FairLoRA, merge one group's weights for good: its name, unknown, or all, which makes one
    model a group. Without it the group is an input of the model."""


def run(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    return guarded("export", "nothing was written", arguments, run_command)


def run_command(arguments: list[str]) -> int:
    """Read the arguments and export; 0, or an error as `export` raises it."""
    about = DESCRIPTION + DEBUG_HELP
    export(tyro.cli(Options, prog="python -m export", description=about, args=arguments))
    return 0


def export(options: Options) -> None:
    """Check the arguments, then export.

    Raises:
        UsageError: the name or the number of threads is impossible.
        DataError: no checkpoint, no parity, or a repository that cannot be written to.
    """
    if options.threads is not None and options.threads < 1:
        raise UsageError("--threads must be at least 1; leave it out to let the server decide")
    if options.name is not None:
        require_name(options.name)
    require_writable(options.repository)
    checkpoint = find_checkpoint(options.run)
    # torch takes seconds to import; --help and a mistyped command should not wait for it.
    from export.pipeline import export_checkpoint, export_groups

    if options.merge_group == "all":
        if options.with_probabilities:
            raise UsageError("--with-probabilities is for masks; --merge-group is for FairLoRA")
        export_groups(
            checkpoint, options.repository, options.name, options.threads, options.precision
        )
        return
    export_checkpoint(
        checkpoint,
        options.repository,
        options.name,
        options.threads,
        options.with_probabilities,
        options.merge_group,
        options.precision,
    )


def find_checkpoint(chosen: Path | None) -> Path:
    """The best checkpoint of the chosen run, or of the newest run under `runs/`.

    Raises:
        DataError: there is none.
    """
    if chosen is None:
        found = sorted(RUNS.glob("**/best/checkpoint.json"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise DataError(
                f"no run with a checkpoint under {RUNS}/; train one with "
                "python -m training.fairclip, or name the folder of a run"
            )
        return found[-1].parent
    if not chosen.is_dir():
        raise DataError(f"{chosen}: no such folder; name the folder of a training run")
    if not (chosen / "best" / "checkpoint.json").is_file():
        raise DataError(
            f"{chosen}: holds no best/checkpoint.json; name the folder that training printed"
        )
    return chosen / "best"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
