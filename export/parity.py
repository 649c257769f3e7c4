"""Proof that the ONNX model answers as the torch model does, and probes to repeat it by.

Agreement means nothing where a model answers alike to everything, so differences are judged against
the spread of the answers, and a model without spread is refused (docs/decisions.md).
"""

import numpy as np
import onnx
import onnxruntime as ort
import torch

from export.servable import COSINES, INPUT, OUTPUT, Servable
from fairness.arrays import Array, FloatArray
from fairness.contract import Probes, probe_image
from fairness.errors import DataError

SHAPES = ((664, 512), (480, 640), (200, 200))
"""Sizes (H, W) tried: portrait as in FairVLMed, landscape, and one that must be enlarged."""

PARITY_SEED = 7
PROBE_SEED = 2024
IMAGES_PER_SHAPE = 4
N_PROBES = 8

LARGEST_RELATIVE_DIFFERENCE = 1e-3
"""Of the spread. Rounding stays far below it; a wrong constant, axis or filter does not."""

ROUNDING = 5e-7
"""What float32 alone may make answers of size 1 differ by, however small their spread."""

SMALLEST_SPREAD = 1e-4
"""Below it float32 rounding (1e-7) is no longer small beside the answers' differences."""

PROBE_TOLERANCE = 0.02
"""Of the probes' spread: wide enough for a GPU that rounds products to TF32 (0.5 % in a
simulation), narrow enough that a model trained a little further does not pass for this one."""


def open_session(model: bytes) -> ort.InferenceSession:
    """ONNX Runtime on the CPU, with as many threads as torch may use."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def check_parity(
    servable: Servable, model: onnx.ModelProto, seed: int = PARITY_SEED
) -> dict[str, float]:
    """Compare torch with ONNX Runtime on fresh images of three sizes.

    Returns:
        Largest absolute difference of the cosines and of the probability, and each one's spread.

    Raises:
        DataError: they differ, or the model answers alike to every image.
    """
    session = open_session(model.SerializeToString())
    rng = np.random.default_rng(seed)
    expected: list[tuple[Array, ...]] = []
    answered: list[tuple[Array, ...]] = []
    for height, width in SHAPES:
        images = np.stack([probe_image(rng, height, width) for _ in range(IMAGES_PER_SHAPE)])
        with torch.no_grad():
            expected.append(tuple(part.numpy() for part in servable(torch.from_numpy(images))))
        answered.append(tuple(session.run([OUTPUT, COSINES], {INPUT: images})))
    figures: dict[str, float] = {}
    for index, name in enumerate(("probability", "cosine")):
        ours = np.concatenate([parts[index] for parts in expected])
        theirs = np.concatenate([parts[index] for parts in answered])
        figures[name] = float(np.max(np.abs(ours - theirs)))
        figures[f"{name}_spread"] = spread(ours)
    _require_parity(figures)
    return figures


def spread(answers: Array) -> float:
    """Largest minus smallest answer over the images (axis 0); of the narrowest column."""
    return float(np.min(np.ptp(answers, axis=0)))


def _require_parity(figures: dict[str, float]) -> None:
    for name in ("cosine", "probability"):
        difference, width = figures[name], figures[f"{name}_spread"]
        if not width >= SMALLEST_SPREAD:  # also catches NaN
            raise DataError(
                f"parity cannot be shown: over {len(SHAPES) * IMAGES_PER_SHAPE} different images "
                f"the {name} spans only {width:.1e} (at least {SMALLEST_SPREAD:.0e} is needed): "
                "the model has collapsed, train it again; nothing was written"
            )
        allowed = max(LARGEST_RELATIVE_DIFFERENCE * width, ROUNDING)
        if not difference <= allowed:
            raise DataError(
                f"the ONNX model is not the torch model: the {name} differs by {difference:.1e}, "
                f"{allowed:.1e} is allowed; nothing was written; "
                "install the versions of constraints.txt and export again"
            )


def make_probes(model: bytes, seed: int = PROBE_SEED) -> Probes:
    """Run seeded images of mixed shapes through the model that will be served.

    Raises:
        DataError: the answers are too alike to tell this model from another.
    """
    session = open_session(model)
    shapes = tuple(SHAPES[index % len(SHAPES)] for index in range(N_PROBES))
    unanswered = Probes(seed=seed, shapes=shapes, expected=(), tolerance=0.0)
    answers: FloatArray = np.array(
        [session.run([OUTPUT], {INPUT: image[None]})[0].item() for image in unanswered.images()]
    )
    if not spread(answers) >= SMALLEST_SPREAD:
        raise DataError(
            f"the {N_PROBES} probes span only {spread(answers):.1e} in probability, too little to "
            "recognise the model by; train it again; nothing was written"
        )
    return Probes(
        seed=seed,
        shapes=shapes,
        expected=tuple(answers.tolist()),
        tolerance=PROBE_TOLERANCE * spread(answers),
    )
