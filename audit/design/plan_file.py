"""plan.json: what was expected before the data, with a digest of all that it says."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from audit.design.design import Design
from audit.policy.policy import Policy
from fairness.documents import parse_json
from fairness.errors import UsageError
from fairness.first_fault import first_fault
from fairness.groups import Grouping
from fairness.statistics.settings import Settings

MOST_BYTES = 2**22


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is expected of one rule, or of the whole policy."""

    rule: str
    """In words; `the whole policy` for all rules together."""
    passes: float
    """Share of the draws with PASS."""
    fails: float
    open: float
    """Share of the draws that are INCONCLUSIVE."""
    why_open: str
    """The most frequent reason other than an interval that crosses the margin, and how often."""
    multiple: float | None
    """Multiple of the sizes from which on it passes often enough; None: none that was tried."""


@dataclass(frozen=True, kw_only=True)
class WrittenPlan:
    """The whole of plan.json."""

    schema_version: Literal[1] = 1
    written: str
    """UTC, as ISO 8601 writes it."""
    policy: str
    policy_sha256: str
    design: Design
    statistics: Settings
    draws: int
    draws_of_sizes: int
    """Of each size that was tried."""
    wanted: float
    """The probability of PASS that the sizes are to reach."""
    rules: tuple[Expected, ...]
    whole: Expected
    tried: Mapping[str, tuple[float, ...]]
    """Multiple of the sizes to the probabilities of PASS: of each rule, then of the whole."""
    sha256: str = ""
    """Of everything above."""

    def digest(self) -> str:
        """SHA-256 of all but itself, as canonical JSON."""
        content = plain(replace(self, sha256=""))
        del content["sha256"]
        return hashlib.sha256(canonical(content)).hexdigest()


_ADAPTER = TypeAdapter(WrittenPlan)


def plain(plan: WrittenPlan) -> dict[str, Any]:
    """As JSON holds it."""
    content = asdict(plan)
    content["design"] = plan.design.model_dump(mode="json")
    return json.loads(json.dumps(content))  # type: ignore[no-any-return]  # an object


def canonical(content: object) -> bytes:
    """JSON with sorted keys and no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of_policy(policy: Policy) -> str:
    """SHA-256 of the rules and the joint level; what judges nothing may change."""
    content = policy.model_dump(mode="json", exclude={"name", "description", "decision_range"})
    return hashlib.sha256(canonical(content)).hexdigest()


def sealed(plan: WrittenPlan) -> WrittenPlan:
    """The plan with its digest."""
    return replace(plan, sha256=plan.digest())


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def text_of(plan: WrittenPlan) -> str:
    """What plan.json holds."""
    return json.dumps(plain(plan), indent=1, allow_nan=False) + "\n"


def read_plan(
    path: Path, policy: Policy, settings: Settings, begun: str | None = None
) -> WrittenPlan:
    """A plan for this policy, written before.

    Args:
        path: plan.json.
        policy: the audit's.
        settings: the audit's.
        begun: when the run began, as `now` says it, where it began earlier than this command.

    Raises:
        UsageError: it is no plan, was changed since, is for another policy or other settings of
            the statistics, or was written after the run began.
    """
    where = f"--plan {path}"
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{where}: larger than {MOST_BYTES >> 20} MB, no plan.json")
        found = _ADAPTER.validate_python(parse_json(path.read_bytes()))
        written = datetime.fromisoformat(found.written)
        late = written > datetime.fromisoformat(begun or now())
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror}; write one with fair-audit plan") from None
    except ValidationError as error:
        raise UsageError(f"{where}: no plan.json: {first_fault(error)}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where}: no plan.json: {error}") from None
    if found.sha256 != found.digest():
        raise UsageError(f"{where} was changed after it was written; write it anew")
    if found.policy_sha256 != digest_of_policy(policy):
        raise UsageError(f"{where} is for other rules than those of policy '{policy.name}'")
    if late:
        raise UsageError(
            f"{where} was written at {found.written}, after the run began ({begun or 'now'})"
        )
    if differing := differing_settings(found.statistics, settings):
        raise UsageError(f"{where} was made with other {', '.join(differing)}; give the same flags")
    return found


def plan_identity(path: Path | None) -> dict[str, str]:
    """By what a journal knows the plan of its run: a later one cannot be brought to it.

    Raises:
        UsageError: the file cannot be read.
    """
    if path is None:
        return {}
    try:
        return {"plan (--plan, sha256)": hashlib.sha256(path.read_bytes()).hexdigest()}
    except OSError as error:
        raise UsageError(f"--plan {path}: {error.strerror}") from None


def remarks_on(plan: WrittenPlan | None, source: Path) -> tuple[str, ...]:
    """That a plan is younger than the file of predictions that it is held against."""
    if plan is None:
        return ()
    made = datetime.fromtimestamp(source.stat().st_mtime, UTC)
    if made >= datetime.fromisoformat(plan.written):
        return ()
    when = made.isoformat(timespec="seconds")
    return (f"the plan was written after the file of predictions, which is of {when}",)


def check_design_fits(design: Design, groupings: Sequence[Grouping]) -> None:
    """Refuse a plan about attributes that the report will not have.

    Raises:
        UsageError: there is one.
    """
    there = [grouping.attribute.name for grouping in groupings]
    absent = [a.name for a in design.attributes if a.name not in there]
    if absent:
        raise UsageError(
            f"--plan speaks of '{absent[0]}', and the report will have: {', '.join(there)}"
        )


IRRELEVANT = ("seed", "replicates", "binned_from", "calibration_bins", "power", "adjust")
"""Settings that move no planned verdict, beyond chance."""


def differing_settings(planned: Settings, audited: Settings) -> list[str]:
    """Names of flags that differ and matter."""
    pairs = zip(asdict(planned).items(), asdict(audited).values(), strict=True)
    return [
        f"--{name.replace('_', '-')} ({old})"
        for (name, old), new in pairs
        if old != new and name not in IRRELEVANT
    ]
