"""report.json as Python objects: what a page is made of, and what the published schema says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from audit.policy.joint_level import JointLevel
from audit.policy.planned import Planned
from audit.policy.policy import Policy
from audit.policy.verdict import Check, Judgement, Verdict
from audit.report.about import Provenance
from audit.report.flow import Flow
from fairness.beside.tables import Beside
from fairness.documents import parse_json
from fairness.errors import DataError
from fairness.first_fault import first_fault
from fairness.outcomes import Contrast, Curve, Distribution, GroupReport, Row
from fairness.tasks.catalogue import TABLES
from fairness.unrecorded import Unrecorded

MOST_BYTES = 2**28
"""Of a report.json that is read again."""


def _known_kind(kind: object) -> object:
    if not isinstance(kind, str) or kind not in TABLES:
        raise ValueError(f"is none of {', '.join(TABLES)}")
    return kind


Kind: TypeAlias = Annotated[str, BeforeValidator(_known_kind)]


@dataclass(frozen=True, kw_only=True)
class OneReport:
    """The tables of one way of asking."""

    schema_version: Literal[1]
    kind: Kind
    provenance: Provenance
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    contrasts: tuple[Contrast, ...]
    curves: tuple[Curve, ...]
    also: tuple["OneReport", ...]
    distributions: tuple[Distribution, ...] = ()
    """None in a report of an earlier version."""
    unrecorded: tuple[Unrecorded, ...] = ()
    """None in a report of an earlier version."""

    def report(self) -> GroupReport:
        """The same as the analysis made it."""
        return GroupReport(
            rows=self.rows,
            provenance=self.provenance,
            contrasts=self.contrasts,
            curves=self.curves,
            distributions=self.distributions,
            unrecorded=self.unrecorded,
            also=tuple(other.report() for other in self.also),
            kind=self.kind,
        )


@dataclass(frozen=True, kw_only=True)
class Document(OneReport):
    """The whole of report.json."""

    verdict: Verdict | None
    policy: Policy | None = None
    checks: tuple[Check, ...] = ()
    level: JointLevel | None = None
    """Of all numbers of the policy together; None in a report of an earlier version."""
    planned: Planned | None = None
    """What was expected before the data."""
    compat: tuple[Mapping[str, str], ...] = ()
    flow: Flow | None = None
    """None in a report of an earlier version."""
    beside: Beside | None = None
    """What was asked for beside the rows; absent where nothing was."""

    def judgement(self) -> Judgement | None:
        """Policy and checks; None where there was no policy."""
        if self.policy is None:
            return None
        return Judgement(self.policy, self.checks, self.level, self.planned)


_ADAPTER = TypeAdapter(Document)


def read_document(path: Path) -> Document:
    """A report.json, of this version of it.

    Raises:
        DataError: it cannot be read, or is none.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path}: larger than {MOST_BYTES >> 20} MB, no report.json")
        return document_of(path.read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name the folder of a run") from None


def document_of(text: str | bytes, name: str) -> Document:
    """The text of a report.json as an object.

    Args:
        text: JSON.
        name: of its file, for errors.

    Raises:
        DataError: it is no report of this version.
    """
    try:
        # `parse_json` refuses what is no plain JSON, pydantic what has another form.
        return _ADAPTER.validate_python(parse_json(text))
    except ValidationError as error:
        raise DataError(f"{name}: no report.json of this version: {first_fault(error)}") from None
    except ValueError as error:
        raise DataError(f"{name}: {error}; write the report anew") from None


def json_schema() -> str:
    """The JSON Schema of report.json, as text."""
    return json.dumps(_ADAPTER.json_schema(), indent=1) + "\n"
