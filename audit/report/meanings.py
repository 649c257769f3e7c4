"""What the words of a report mean: how sure it is what answered, its verdict, a part of a run."""

from collections.abc import Mapping
from typing import Any

from audit.policy.verdict import Judgement
from fairness.outcomes import GroupReport

MEANINGS = {
    "verified": "the server gave the answers that were recorded with this model",
    "declared": "nobody proved that the model that answered is the one described",
    "pooled": "sites stated sums and histograms, which nobody else could check against rows",
    "found": "the scores were in a file, and no model was asked",
}
"""How sure it is what answered."""

VERDICTS = {
    "PASS": "every number lies inside its margin, with its whole interval",
    "FAIL": "a number lies outside its margin, with its whole interval",
    "INCONCLUSIVE": "the data cannot tell whether every number lies inside its margin",
}


def identity_of(report: GroupReport) -> tuple[str, str]:
    """`verified`, `declared`, `pooled` or `found`, with what it means."""
    said = str(report.provenance.get("model", {}).get("identity", "found"))
    known = next((word for word in MEANINGS if said.startswith(word)), "found")
    return said, MEANINGS[known]


def verdict_of(judgement: Judgement | None) -> tuple[str, str]:
    """The verdict, and what it means."""
    if judgement is None:
        return "no verdict", "no margin was set before the numbers were seen"
    counts = {v: sum(c.verdict == v for c in judgement.checks) for v in VERDICTS}
    told = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
    return judgement.verdict, f"{VERDICTS[judgement.verdict]}: {told}"


def meanings(report: GroupReport, judgement: Judgement | None) -> str:
    """One line that says what the identity and the verdict of a report mean."""
    identity, verdict = identity_of(report), verdict_of(judgement)
    return f"{': '.join(identity)}; {': '.join(verdict)}"


def partial_line(about: Mapping[str, Any]) -> str:
    """That a report is partial, from its provenance; empty where it is complete."""
    if (partial := about["data"].get("partial")) is None:
        return ""
    return (
        f"PARTIAL: {partial['answered']} of {partial['of']} images were answered when the run was "
        "interrupted; no result, and not to be shared: beside the complete report it gives away "
        "the numbers of the few who are missing here"
    )


def majority_line(readers: Mapping[str, Any]) -> str:
    """Whose labels the truth is, by what a provenance says of several readers."""
    ties = "few" if readers["undecided"] is None else readers["undecided"]
    return f"label: majority of {', '.join(readers['columns'])}; {ties} cases with a tie left out"
