"""Probes from the user's own samples: records what a described model answers, and checks it later.

They prove that what answers is what answered on that day, not that its description is right.
"""

import hashlib
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from audit.client.endpoint import ServedModel
from audit.client.exchange import answer_of, tensors_of
from audit.client.failures import WrongModelError
from audit.client.predictor import ServedPredictor
from audit.client.transport import Request, Transport
from audit.options import Options
from audit.records.sample_probes import SampleProbes, meaning_of, read_probes
from audit.table_flags import texts_of
from audit.trial import TIMEOUT, chosen_rows
from fairness.arrays import Array, IntArray
from fairness.datasets.reader import Split
from fairness.datasets.stream import batches, samples
from fairness.errors import UsageError
from fairness.samples import cut, stack
from fairness.tasks.catalogue import TASKS

SHARE, SMALLEST_SPREAD = 0.02, 1e-4
"""Tolerance as a share of the answers' spread, and the least spread that tells models apart: as
those of `export/parity.py`."""


@dataclass(frozen=True)
class FoundProbes:
    """Recorded probes, and which samples of the split they are."""

    recorded: SampleProbes
    rows: Mapping[int, int]
    """Sample to probe."""
    again: str
    """The command that records them again."""

    def note(self) -> str | None:
        """What to tell the user where samples are missing."""
        n, there = len(self.recorded.answers), len(self.rows)
        if there == n:
            return None
        what = "the model is declared" if not there else "the others prove what answers"
        return (
            f"{n - there} of the {n} probes recorded on {self.recorded.recorded} are not in this "
            f"split, so {what}"
        )


def digest_of_tensor(tensors: Mapping[str, Array]) -> str:
    """SHA-256 of the tensors that a described model is sent, by their names."""
    digest = hashlib.sha256()
    for _, tensor in sorted(tensors.items()):
        digest.update(f"{tensor.dtype} {tensor.shape} ".encode() + tensor.tobytes())
    return digest.hexdigest()


def record(model: ServedModel, transport: Transport, split: Split, most: int) -> SampleProbes:
    """Ask about samples of a split, whose pictures are as stored.

    Raises:
        UsageError: the answers are too much alike to tell the model from another.
        ServerError, DataError: as `answer_of`.
    """
    assert model.foreign is not None
    sent, answers = {}, {}
    checksums = dict(zip(split.ids, split.image_checksums, strict=True))
    for sample in samples(split, chosen_rows(split.labels, len(split), most)):
        one = stack([sample])
        tensors = tensors_of(model, one.images, None, one.inputs)
        request = Request(model.name, model.version, tensors, model.spec.output, TIMEOUT)
        (answer,) = answer_of(model, transport.send(request).result(), one.images)
        checksum = checksums[sample.id]
        sent[checksum] = digest_of_tensor(tensors)
        shown = TASKS[model.spec.task].fingerprint(answer, len(model.spec.class_names))
        answers[checksum] = tuple(shown.tolist())
    spread = 0.0 if not answers else float(np.ptp(np.array([*answers.values()]), axis=0).max())
    if not spread >= SMALLEST_SPREAD:
        raise UsageError(
            f"--probes {most}: the answers to {len(answers)} samples span only {spread:.1e}, too "
            "little to recognise the model by; take more, or check the description"
        )
    return SampleProbes(
        recorded=time.strftime("%Y-%m-%d"),
        meaning_sha256=meaning_of(model.foreign.said),
        image_sha256=tuple(sent),
        sent_sha256=tuple(sent.values()),
        answers=tuple(answers.values()),
        tolerance=min(0.1, SHARE * spread),
    )


def found_probes(options: Options, model: ServedModel, split: Split) -> FoundProbes | None:
    """The probes beside the description of a model; None where there are none.

    Raises:
        UsageError: they cannot be used, or are of another description.
    """
    if model.foreign is None:
        return None
    said = model.foreign.said
    words = ["--model", model.name, "--spec", str(said.path)]
    words += ["--data", str(options.data), "--split", options.split, "--probes", "8"]
    for name, text in texts_of(options.table, options.attributes).items():
        words += [f"--{name.replace('_', '-')}", text]
    again = f"fair-audit init {options.connection.flags()} {shlex.join(words)}"
    recorded = read_probes(said, again)
    if recorded is None:
        return None
    probe = {checksum: k for k, checksum in enumerate(recorded.image_sha256)}
    of_probe = {
        probe[checksum]: row
        for row, checksum in enumerate(split.image_checksums)
        if checksum in probe
    }
    return FoundProbes(recorded, {row: k for k, row in of_probe.items()}, again)


def verify_samples(found: FoundProbes, split: Split, predict: ServedPredictor) -> str:
    """Ask about the samples again, one by one and in batches; what the report says of the model.

    Raises:
        UsageError: a picture is prepared differently now.
        WrongModelError: an answer differs.
    """
    model, recorded = predict.model, found.recorded
    rows = np.array([*found.rows], dtype=np.int64)
    check_prepared(found, split, predict)
    ways = {"one by one": [rows[i : i + 1] for i in range(len(rows))]}
    if model.batch_size > 1:
        together = cut([split.shapes[i] for i in rows], model.batch_size)
        ways["in batches"] = [rows[part] for part in together]
    for how, cuts in ways.items():
        worst = furthest(found, split, predict, cuts)
        if not worst <= recorded.tolerance:
            raise WrongModelError(
                f"model '{model.name}' version {model.stated_version} at {predict.endpoint} is not "
                f"the one that answered on {recorded.recorded}: asked {how}, its answers to "
                f"{len(rows)} samples differ by {worst:.2g} (tolerance {recorded.tolerance:.2g}); "
                f"serve that one, record this one: {found.again}, or audit it as it is with "
                "--no-probes"
            )
    few = f" by {len(rows)} of {len(recorded.answers)} samples"
    return f"verified against {recorded.recorded}{few if len(rows) < len(recorded.answers) else ''}"


def check_prepared(found: FoundProbes, split: Split, predict: ServedPredictor) -> None:
    """Refuse pictures that become other tensors than when they were recorded.

    Raises:
        UsageError: there is one.
    """
    for row, probe in found.rows.items():
        one = stack([split.read(row)])
        tensors = tensors_of(predict.model, one.images, None, one.inputs, fitted=predict.fitted)
        if digest_of_tensor(tensors) != found.recorded.sent_sha256[probe]:
            raise UsageError(
                f"sample '{split.ids[row]}' becomes other pixels now than when the probes were "
                "recorded (another --window, --image-key, version of Pillow, or number in a "
                f"column); record again: {found.again}, or leave the check out with --no-probes"
            )


def furthest(
    found: FoundProbes, split: Split, predict: ServedPredictor, cuts: list[IntArray]
) -> float:
    """Largest difference from the recorded answers; infinity where one is not finite."""
    place = {split.ids[row]: probe for row, probe in found.rows.items()}
    task, worst = TASKS[predict.model.spec.task], 0.0
    for batch, answers in predict(batches(split, cuts)):
        (answer,) = answers.values()
        for id_, one in zip(batch.ids, answer, strict=True):
            expected = np.array(found.recorded.answers[place[id_]])
            shown = task.fingerprint(one, len(predict.model.spec.class_names))
            away = np.abs(shown - expected).max() if shown.shape == expected.shape else np.inf
            worst = max(worst, float(away) if np.isfinite(away) else np.inf)
    return worst
