"""Comparison of the ONNX model with the torch model, and probes by which to recognise it later.

Agreement means nothing where a model answers alike to everything, so differences are judged against
the spread of the answers, and a model without spread is refused (docs/decisions.md).
"""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime as ort
import torch

from export.servable import GROUP, IMAGE, TOKENS, Servable, trial_texts
from export.tolerance import TOLERANCES, Tolerance
from fairness.arrays import Array, FloatArray
from fairness.clip_tokens import clip_tokens
from fairness.errors import DataError
from fairness.probes import Probes
from fairness.tasks.catalogue import TASKS

PARITY_SEED = 7
PROBE_SEED = 2024

ROUNDING = 5e-7
"""Difference that float32 alone may cause in answers of size 1, however small their spread."""

SMALLEST_SPREAD = 1e-4
"""Below it float32 rounding (1e-7) is no longer small beside the answers' differences."""


def open_session(model: bytes) -> ort.InferenceSession:
    """ONNX Runtime on the CPU, with as many threads as torch may use."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def check_parity(
    servable: Servable,
    model: onnx.ModelProto,
    tolerance: Tolerance = TOLERANCES["fp32"],
    seed: int = PARITY_SEED,
) -> dict[str, float]:
    """Compare torch with ONNX Runtime on fresh images of every size to be tried.

    Returns:
        Largest absolute difference of each output (`probability`, `cosine`, `logit`) and its
        spread; of masks the share of equal pixels (`agreement`).

    Raises:
        DataError: they differ, or the model answers alike to every image.
    """
    session = open_session(model.SerializeToString())
    rng = np.random.default_rng(seed)
    names = list(servable.outputs)
    pairs: list[tuple[list[Array], list[Array]]] = []
    for shape in servable.trials:
        inputs = servable.trial(rng, shape)
        pairs.append((servable.run(inputs), session.run(names, inputs)))
    figures: dict[str, float] = {}
    for index, name in enumerate(names):
        ours = np.concatenate([torch_[index] for torch_, _ in pairs])
        theirs = np.concatenate([onnx_[index] for _, onnx_ in pairs])
        if ours.dtype == np.uint8:
            figures["agreement"] = float((ours == theirs).mean())
        else:
            figures[name] = float(np.max(np.abs(ours - theirs)))
            figures[f"{name}_spread"] = spread(ours)
    images = sum(shape[0] for shape in servable.trials)
    _require_parity(figures, names, images, tolerance)
    return figures


def spread(answers: Array) -> float:
    """Largest minus smallest answer over the images (axis 0); of the narrowest column (axis 1)."""
    columns = np.moveaxis(answers, 1, 0).reshape(answers.shape[1], -1)
    return float(np.min(np.ptp(columns, axis=1)))


def _require_parity(
    figures: dict[str, float], names: list[str], images: int, tolerance: Tolerance
) -> None:
    for name in reversed(names):
        if name not in figures:
            continue
        difference, width = figures[name], figures[f"{name}_spread"]
        if not width >= SMALLEST_SPREAD:  # also catches NaN
            raise DataError(
                f"parity cannot be shown: over {images} different images "
                f"the {name} spans only {width:.1e} (at least {SMALLEST_SPREAD:.0e} is needed): "
                "the model has collapsed, train it again; nothing was written"
            )
        allowed = max(tolerance.relative * width, ROUNDING)
        if not difference <= allowed:
            raise DataError(
                f"the ONNX model is not the torch model: the {name} differs by {difference:.1e}, "
                f"{allowed:.1e} is allowed; nothing was written; "
                "install the versions of constraints.txt and export again"
            )
    if figures.get("agreement", 1.0) < tolerance.agreement:
        raise DataError(
            f"the ONNX model is not the torch model: only {figures['agreement']:.4%} of the pixels "
            "of its masks are equal; nothing was written; install the versions of constraints.txt"
        )


def make_probes(
    servable: Servable,
    model: bytes,
    tolerance: Tolerance = TOLERANCES["fp32"],
    seed: int = PROBE_SEED,
) -> Probes | None:
    """Run seeded inputs through the model that will be served.

    Returns:
        None for a model of masks that draws the same on every probe: nothing to recognise it by.

    Raises:
        DataError: the probabilities are too alike to tell this model from another.
    """
    session = open_session(model)
    shapes = tuple(
        servable.trials[index % len(servable.trials)][1:] for index in range(servable.n_probes)
    )
    groups = None
    if servable.group_input is not None:
        known = len(servable.group_input.groups)
        groups = tuple(index % (known + 1) - 1 for index in range(servable.n_probes))
    texts = None if servable.text_input is None else trial_texts(servable.n_probes)
    probes = Probes(
        seed=seed, shapes=shapes, groups=groups, texts=texts, expected=(), tolerance=0.0
    )
    found: list[FloatArray] = []
    for index, image in enumerate(probes.images()):
        inputs: dict[str, Array] = {IMAGE: image[None]}
        if groups is not None:
            inputs[GROUP] = np.array([[groups[index]]])
        if texts is not None:
            inputs[TOKENS] = clip_tokens([texts[index]])
        (answer,) = session.run([servable.answer], inputs)
        found.append(TASKS[servable.task].fingerprint(answer[0]))
    answers = np.stack(found)  # (n, k)
    width = float(np.max(np.ptp(answers, axis=0)))
    if not width >= SMALLEST_SPREAD:
        if servable.task == "segmentation":
            return None
        raise DataError(
            f"the {servable.n_probes} probes span only {width:.1e} in probability, too little to "
            "recognise the model by; train it again; nothing was written"
        )
    return replace(
        probes,
        expected=tuple(tuple(row) for row in answers.tolist()),
        tolerance=max(tolerance.probes * width, tolerance.least),
    )
