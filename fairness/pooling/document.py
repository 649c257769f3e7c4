"""The file of a site: JSON with a digest of itself, and how it is read with suspicion."""

import hashlib
import json
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from fairness.documents import parse_json
from fairness.errors import DataError
from fairness.first_fault import first_fault
from fairness.pooling.consistent import check
from fairness.pooling.summary import SiteSummary

MOST_BYTES = 1 << 24
KIND = "fair-audit site summary"

_ADAPTER = TypeAdapter(SiteSummary)


def written(summary: SiteSummary) -> str:
    """The text of the file."""
    content = {"kind": KIND, **asdict(summary)}
    return json.dumps({**content, "sha256": digest(content)}, indent=1, allow_nan=False) + "\n"


def digest(content: object) -> str:
    """SHA-256 of a content, its keys in alphabetical order: shows a change, not who made it."""
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def parsed(text: str | bytes, name: str) -> SiteSummary:
    """A file's text, checked in itself.

    Args:
        text: JSON.
        name: of the file, for errors.

    Raises:
        DataError: it is no such file, of another version, was changed, or contradicts itself.
    """
    if len(text) > MOST_BYTES:
        raise DataError(f"{name}: larger than {MOST_BYTES >> 20} MB, no summary of a site")
    try:
        content = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: {error}; take the file from its site again") from None
    if content.get("kind") != KIND:
        raise DataError(f"{name}: no summary of a site; write one with fair-audit summary RUN")
    if content.get("format") != 1:
        raise DataError(f"{name}: of another format; write it with the same version of fair-audit")
    stated = content.pop("sha256", None)
    if digest(content) != stated:
        raise DataError(f"{name}: changed since it was written; take it from its site again")
    content.pop("kind")
    try:
        summary = _ADAPTER.validate_python(content)
    except ValidationError as error:
        raise DataError(f"{name}: no summary of a site: {first_fault(error)}") from None
    try:
        check(summary)
    except ValueError as error:
        raise DataError(f"{name}: it contradicts itself: {error}") from None
    return summary
