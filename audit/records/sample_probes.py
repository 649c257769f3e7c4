"""The file `model.probes.json` beside a `model.yaml`: what the model answered to some samples.

It holds digests of pictures and answers to them, no picture and no id. Who has the pictures can
tell which answer is whose, so it stays with the data's owner.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from fairness.atomic import write_atomically
from fairness.documents import read_text
from fairness.errors import UsageError
from fairness.first_fault import first_fault
from fairness.foreign.model_yaml import Described
from fairness.probes import Number

MOST = 64
"""Samples in a file."""

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Answer = Annotated[tuple[Number, ...], Field(min_length=1, max_length=512)]


@dataclass(frozen=True)
class SampleProbes:
    """Samples by the digests of their files and of what was sent, with the answers to them."""

    recorded: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    """The day, such as 2026-01-31."""
    meaning_sha256: Digest
    """Of what the description said of input and output."""
    image_sha256: Annotated[tuple[Digest, ...], Field(min_length=1, max_length=MOST)]
    """Of each picture's file."""
    sent_sha256: Annotated[tuple[Digest, ...], Field(min_length=1, max_length=MOST)]
    """Of each tensor."""
    answers: Annotated[tuple[Answer, ...], Field(min_length=1, max_length=MOST)]
    """What `Task.fingerprint` gives of the answer to each."""
    tolerance: Annotated[Number, Field(ge=0, le=0.1)]
    """Largest absolute difference at which the answers count as the same."""

    def fits(self) -> bool:
        """Whether its parts have one length, and its answers another."""
        n = len(self.image_sha256)
        return n == len(self.sent_sha256) == len(self.answers) == len(set(self.image_sha256)) and (
            len({len(answer) for answer in self.answers}) == 1
        )


_ADAPTER = TypeAdapter(SampleProbes)


def beside(spec: Path) -> Path:
    """`model.probes.json` of `model.yaml`."""
    return spec.with_name(f"{spec.stem}.probes.json")


def meaning_of(said: Described) -> str:
    """SHA-256 of what a description says of input and output; no comment and no name counts."""
    parts = said.description.model_dump(
        mode="json", include={"task", "input", "inputs", "output"}, exclude_defaults=True
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def write_probes(path: Path, probes: SampleProbes) -> None:
    """Write the file for its owner alone.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        write_atomically(path, json.dumps(asdict(probes), indent=1) + "\n", private=True)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; free the place") from None


def read_probes(said: Described, again: str) -> SampleProbes | None:
    """The probes beside a description; None where there are none.

    Args:
        said: the description.
        again: the command that records them again.

    Raises:
        UsageError: the file is damaged, or the description says another thing since.
    """
    path = beside(said.path)
    try:
        found = _ADAPTER.validate_json(read_text(path))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UsageError(
            f"{path}: no probes: {first_fault(error)}; record again: {again}"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: {reason}; remove it, or record again: {again}") from None
    if not found.fits():
        raise UsageError(f"{path}: its parts do not fit together; record again: {again}")
    if found.meaning_sha256 != meaning_of(said):
        raise UsageError(
            f"{path} was recorded on {found.recorded}, and {said.path} says another thing of input "
            f"or output since; record again: {again}, or remove the file"
        )
    return found
