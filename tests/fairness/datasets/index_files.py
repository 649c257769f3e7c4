"""Damaged indexes, and all that a split opened from one says, for the tests of indexes."""

import json
from typing import Any

from fairness.datasets import row_blocks


def said(split: Any) -> dict[str, Any]:
    """Everything that a split says without its images."""
    return {
        "ids": split.ids,
        "patients": split.patients,
        "attributes": split.attributes,
        "codes": {name: codes.tolist() for name, codes in split.codes.items()},
        "covariates": {name: str(values) for name, values in split.covariates.items()},
        "checksums": split.image_checksums,
        "shapes": split.shapes,
        "labels": split.labels.tolist(),
        "fingerprint": split.fingerprint(),
        "skipped": split.skipped,
        "entries": [str(entry) for entry in split._entries],
    }


def with_seal(body: bytes) -> bytes:
    return b"".join(row_blocks.sealed([body]))


def sealed(change: Any) -> Any:
    """A change of the columns of an index, with a checksum that is right."""

    def damaged(content: bytes) -> bytes:
        columns = change(json.loads(content.split(b"\n", 1)[0]))
        return with_seal(json.dumps(columns).encode() + b"\n")

    return damaged
