"""Which files are not pooled with each other."""

from collections.abc import Mapping

from fairness.errors import UsageError
from fairness.pooling.summary import SiteSummary


def check_together(files: Mapping[str, SiteSummary]) -> list[str]:
    """Refuse files that do not speak of the same model, label and threshold.

    Args:
        files: name of each file to what it holds, in order.

    Returns:
        Notes for the reader: what is taken on trust.

    Raises:
        UsageError: in one line that names the file.
    """
    (first, one), *others = files.items()
    if not others:
        raise UsageError(f"{first}: there is nothing to pool it with; name the files of two sites")
    seen: dict[str, str] = {}
    for name, site in files.items():
        if site.site in seen:
            again = f"site {site.site} again, as in {seen[site.site]}"
            raise UsageError(f"{name}: {again}; name it once")
        seen[site.site] = name
    for name, other in others:
        compared = {
            "model": (one.model.name, other.model.name),
            "weights": (one.model.sha256, other.model.sha256),
            "label": (one.label, other.label),
            "threshold": (one.threshold, other.threshold),
        }
        for what, (ours, theirs) in compared.items():
            if ours != theirs:
                raise UsageError(
                    f"{name}: {what} {theirs or 'not stated'}, in {first} {ours or 'not stated'}; "
                    "pool files of one model, label and threshold"
                )
    return notes_on(files)


def notes_on(files: Mapping[str, SiteSummary]) -> list[str]:
    """What is taken on trust, and what looks like the same people twice."""
    found, sites = [], list(files.items())
    if sites[0][1].model.sha256 is None:
        found.append("no file says which weights were audited: that they are the same is on trust")
    for k, (name, one) in enumerate(sites):
        for other, before in sites[:k]:
            if one.everybody == before.everybody:
                found.append(
                    f"{name} and {other} hold the same numbers: if they are the same people, "
                    "every interval is too narrow"
                )
    return found
