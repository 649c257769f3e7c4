"""By what a run differs from the one before it: another model, threshold or split."""

from collections.abc import Sequence

from audit.monitoring.run import Run


def marks_of(runs: Sequence[Run]) -> tuple[str, ...]:
    """Of each run by what it differs from the last one of the same model; empty: by nothing."""
    last: dict[str | None, Run] = {}
    found = []
    for run in runs:
        before = last.get(run.model)
        found.append("" if run.error is not None or before is None else difference(before, run))
        if run.error is None:
            last[run.model] = run
    return tuple(found)


def difference(last: Run, now: Run) -> str:
    """By what a run differs from another of the same model."""
    said = []
    if last.version != now.version:
        said.append(f"another model version ({last.version or '-'}, then {now.version or '-'})")
    elif last.identity[:-1] != now.identity[:-1]:
        said.append("another model under the same version")
    if last.threshold != now.threshold:
        said.append(f"another threshold ({last.threshold or '-'}, then {now.threshold or '-'})")
    if (last.dataset, last.split) != (now.dataset, now.split):
        said.append(f"another split ({last.dataset} {last.split}, then {now.dataset} {now.split})")
    return "; ".join(said)


def is_of_model(mark: str) -> bool:
    """Whether a mark speaks of another model or threshold."""
    return "another model" in mark or "another threshold" in mark
