"""Export of a checkpoint, step by step; nothing is written before every check has passed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from export.config import config_text
from export.model_spec import model_spec
from export.parity import check_parity, make_probes
from export.precision import converted
from export.repository import publish, require_name
from export.servables import servable_of
from export.to_onnx import IR_VERSION, OPSET, drop_output, to_onnx
from export.tolerance import TOLERANCES, Precision
from fairness.attributes import UNKNOWN_LABEL
from fairness.contract import ModelSpec
from fairness.errors import UsageError
from training import checkpoint as checkpoints
from training.checkpoint_record import FairLoRARecord


def export_checkpoint(
    checkpoint: Path,
    repository: Path,
    name: str | None = None,
    threads: int | None = None,
    probabilities: bool = False,
    merge_group: str | None = None,
    precision: Precision = "fp32",
) -> Path:
    """Export the checkpoint in a folder; the steps are printed.

    Args:
        checkpoint: a folder that `training.checkpoint.save` wrote.
        repository: Triton's model repository, made if absent.
        name: of the model in the repository; by default the training method.
        threads: CPU threads of one inference; None lets the server decide.
        probabilities: of masks, serve the probability of each class as well.
        merge_group: of FairLoRA, the group whose weights are merged for good.
        precision: of weights and products; judged by a tolerance of its own.

    Returns:
        The folder of the new version.

    Raises:
        DataError: no checkpoint, no parity, or nowhere to write; then nothing was written.
        UsageError: the name cannot name a model, or an option does not apply to the method.
    """
    with step(f"reading {checkpoint}"):
        stored = checkpoints.load(checkpoint)
        if name is None:
            suffix = "" if precision == "fp32" else f"_{precision.partition('-')[0]}"
            name = f"{stored.record.method}{suffix}"
        require_name(name)
        servable = servable_of(stored, probabilities=probabilities, merge_group=merge_group)
        selected_on = stored.record.selected_on
        del stored  # its tensors were copied; ViT-L/14 has 1.7 GB of them
    with step("tracing the model to ONNX"):
        model = converted(to_onnx(servable), precision)
    images = sum(shape[0] for shape in servable.trials)
    with step(f"comparing torch and ONNX Runtime on {images} images"):
        parity = check_parity(servable, model, TOLERANCES[precision])
        drop_output(model, servable.detail)
        content = model.SerializeToString()
        probes = make_probes(servable, content, TOLERANCES[precision])
    if probes is None:
        print("the masks of all probes are alike: fair-audit will call the model `declared`")
    spec = model_spec(servable, checkpoint, content, parity, probes, precision, selected_on)
    also = servable.outputs[2:]
    with step(f"writing {repository / name}"):
        folder, version = publish(
            repository, name, content, lambda number: config_text(name, number, spec, threads, also)
        )
    say(folder, version, spec, len(content))
    return folder / str(version)


def export_groups(
    checkpoint: Path,
    repository: Path,
    name: str | None,
    threads: int | None,
    precision: Precision = "fp32",
) -> list[Path]:
    """Export one merged model for each group of a FairLoRA checkpoint, and one for the unknown.

    They are named after the model and the group, e.g. `fairlora_asian`.

    Raises:
        As `export_checkpoint`.
    """
    record = checkpoints.load(checkpoint).record
    if not isinstance(record, FairLoRARecord):
        raise UsageError(f"--merge-group is for FairLoRA; {record.method} has no group to merge")
    folders = []
    for group in (*record.groups, UNKNOWN_LABEL):
        plain = "".join(c if c.isalnum() else "_" for c in group.lower())
        folders.append(
            export_checkpoint(
                checkpoint,
                repository,
                f"{name or record.method}_{plain}",
                threads,
                merge_group=group,
                precision=precision,
            )
        )
    return folders


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print a step before it starts, and its seconds once it is done."""
    print(f"{what} ...", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:  # whatever ends the step, Ctrl-C too, ends its line, and goes on
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def say(folder: Path, version: int, spec: ModelSpec, size: int) -> None:
    """Print the parity, the folder of the version and the command that serves it."""
    proved = ", ".join(f"{name} {value:.2g}" for name, value in spec.parity.items())
    chosen = f"selected on {spec.selected_on.said()}\n" if spec.selected_on else ""
    print(
        f"{spec.method}, {size / 1e6:.1f} MB, opset {OPSET}, IR {IR_VERSION}, {spec.precision}\n"
        f"{chosen}parity: {proved}\n"
        f"written: {folder / str(version)}\n"
        f"serve:   tritonserver --model-repository {folder.parent}"
    )
