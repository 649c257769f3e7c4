"""Checks by probes that the served model answers as the exported one did."""

import numpy as np

from audit.client.endpoint import ServedModel
from audit.client.transport import Request, Transport
from audit.client.wire import input_tensors, read_output
from fairness.arrays import FloatArray, Image
from fairness.attributes import UNKNOWN
from fairness.errors import ServerError
from fairness.tasks.catalogue import TASKS

TIMEOUT = 60.0
"""Seconds that one probe may take."""


def verify(transport: Transport, endpoint: str, model: ServedModel) -> str:
    """`verified` where the probes answer as at export, `declared` where the model carries none.

    Raises:
        ServerError: a probe differs: what answers is not what was exported.
    """
    probes = model.spec.probes
    if probes is None:
        return "declared"
    images = probes.images()
    codes = probes.groups or [UNKNOWN] * len(images)
    answers = [
        ask(transport, model, image, group) for image, group in zip(images, codes, strict=True)
    ]
    worst = probes.worst_difference(np.stack(answers))
    if not worst <= probes.tolerance:
        raise ServerError(
            f"model '{model.name}' version {model.version} at {endpoint} is not the exported "
            f"one: its probes differ by {worst:.2g} (tolerance {probes.tolerance:.2g}); "
            "export it again with python -m export, or audit it as it is with --no-probes"
        )
    return "verified"


def ask(transport: Transport, model: ServedModel, image: Image, group: int) -> FloatArray:
    """What a probe compares of the answer to one image, as a member of a group."""
    spec = model.spec
    inputs = input_tensors(spec, image[np.newaxis], np.array([group]))
    request = Request(model.name, model.version, inputs, spec.output, TIMEOUT)
    outputs = transport.send(request).result()
    return TASKS[spec.task].fingerprint(read_output(outputs, spec, model.name)[0])
