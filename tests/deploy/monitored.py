"""Queries of the dashboard and of the alerts, and promtool, which reads them."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from deploy_files import DEPLOY, read, run

DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "fair-audit.json").read_text())
RULES = sorted((DEPLOY / "prometheus").glob("*.rules.yml"))
VARIABLES = {"model": "fairclip", "attribute": "race", "metric": "fair_audit_auc"}
"""What somebody chose at the top of the dashboard."""


def promtool(*words: object) -> str:
    """What promtool printed; the test fails where its check does."""
    if shutil.which("promtool", path="/usr/bin:/bin") is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    done = run("promtool", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def panels() -> list[dict[str, Any]]:
    """Of the dashboard, without the headings of its rows."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def queries(chosen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Title of a panel and a query of it, as Grafana asks it where these variables are chosen."""
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "1m")
            yield panel["title"], re.sub(r"\$\{?(\w+)\}?", lambda found: chosen[found[1]], text)


def alerts() -> list[dict[str, Any]]:
    """All alerts."""
    return [r for file in RULES for group in read(file)["groups"] for r in group["rules"]]


def names_in(query: str) -> set[str]:
    """Metrics that a query names."""
    plain = re.sub(r"__name__=\"(\w+)\"", r"\1", query)
    return set(re.findall(r"\b(?:nv|fair_audit|node)_\w+|\bup\b", plain))
