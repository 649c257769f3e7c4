"""compare.json as the published JSON Schema says it: of two runs, and of several."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from audit.compare.flips import Flips, PairedTest
from audit.compare.levelling import Levelling
from audit.compare.overview import RunLine, Standing
from audit.policy.policy import Policy
from audit.policy.verdict import Check, Verdict
from audit.report.document import Kind
from fairness.outcomes import Contrast, Curve, Distribution, Row
from fairness.unrecorded import Unrecorded


@dataclass(frozen=True, kw_only=True)
class SideDocument:
    """The numbers of one run, and as `also` those of each label."""

    schema_version: Literal[1]
    kind: Kind
    provenance: Mapping[str, Any]
    rows: tuple[Row, ...]
    contrasts: tuple[Contrast, ...]
    curves: tuple[Curve, ...]
    distributions: tuple[Distribution, ...]
    unrecorded: tuple[Unrecorded, ...]
    also: tuple["SideDocument", ...]


@dataclass(frozen=True, kw_only=True)
class PairDocument:
    """compare.json of two runs."""

    schema_version: Literal[1]
    about: Mapping[str, Any]
    verdict: Verdict | None
    policy: Policy | None
    """Its rules on a change."""
    checks: tuple[Check, ...]
    not_judged: tuple[str, ...]
    changes: tuple[Contrast, ...]
    flips: tuple[Flips, ...]
    delong: tuple[PairedTest, ...]
    levelling: tuple[Levelling, ...]
    first: SideDocument
    second: SideDocument


@dataclass(frozen=True, kw_only=True)
class RunsDocument:
    """compare.json of several runs against one reference."""

    schema_version: Literal[1]
    about: Mapping[str, Any]
    reference: int
    """The number of a run."""
    verdict: Verdict | None
    runs: tuple[RunLine, ...]
    rows: tuple[Standing, ...]


COMPARISON: TypeAdapter[PairDocument | RunsDocument] = TypeAdapter(PairDocument | RunsDocument)


def compare_schema() -> str:
    """The JSON Schema of compare.json, as text."""
    return json.dumps(COMPARISON.json_schema(), indent=1) + "\n"
