"""From a checkpoint to a served version, in the order in which each step may still refuse."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from export.config import config_text
from export.describe import describe
from export.parity import IMAGES_PER_SHAPE, SHAPES, check_parity, make_probes
from export.repository import publish, require_name
from export.servable import COSINES, Servable
from export.to_onnx import IR_VERSION, OPSET, drop_output, to_onnx
from fairness.contract import ModelSpec
from training import checkpoint as checkpoints
from training.models.prompts import tokenize


def export_checkpoint(
    checkpoint: Path, repository: Path, name: str | None = None, threads: int | None = None
) -> Path:
    """Export the checkpoint in a folder and say on the terminal how it goes.

    Args:
        checkpoint: a folder that `training.checkpoint.save` wrote.
        repository: Triton's model repository, made if absent.
        name: of the model in the repository; by default the training method.
        threads: CPU threads of one inference; None lets the server decide.

    Returns:
        The folder of the new version.

    Raises:
        DataError: no checkpoint, no parity, or nowhere to write; then nothing was written.
        UsageError: the name cannot name a model.
    """
    with step(f"reading {checkpoint}"):
        clip, record = checkpoints.load(checkpoint)
        name = record.method if name is None else name
        require_name(name)
        with torch.no_grad():
            servable = Servable(clip, clip.encode_text(tokenize(record.prompts)))
    with step("tracing the model to ONNX"):
        model = to_onnx(servable)
    with step(f"comparing torch and ONNX Runtime on {len(SHAPES) * IMAGES_PER_SHAPE} images"):
        parity = check_parity(servable, model)
        drop_output(model, COSINES)
        content = model.SerializeToString()
        probes = make_probes(content)
    spec = describe(record, checkpoint, content, parity, probes)
    with step(f"writing {repository / name}"):
        folder, version = publish(
            repository, name, content, lambda number: config_text(name, number, spec, threads)
        )
    say(folder, version, spec, len(content))
    return folder / str(version)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Name a step before it starts, and its seconds once it is done."""
    print(f"{what} ...", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:  # whatever ends the step, Ctrl-C too, ends its line, and goes on
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def say(folder: Path, version: int, spec: ModelSpec, size: int) -> None:
    """The closing lines: what was proved, what was written, how to serve it."""
    parity = spec.parity
    print(
        f"{spec.method}, {size / 1e6:.1f} MB, opset {OPSET}, IR {IR_VERSION}, {spec.precision}\n"
        f"parity: cosines within {parity['cosine']:.1e} of a spread of "
        f"{parity['cosine_spread']:.1e}, probabilities within {parity['probability']:.1e}\n"
        f"written: {folder / str(version)}\n"
        f"serve:   tritonserver --model-repository {folder.parent}"
    )
