"""`--metrics-file`: what promtool says to it, and that its numbers are those of the report."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from made_runs import first_run, made_run
from scored_files import document

from audit.cli import run
from audit.prometheus import Sample, metrics_text

LINE = re.compile(r'([a-z_A-Z0-9]+)\{((?:[a-z_0-9]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (\S+)')
LABEL = re.compile(r'([a-z_0-9]+)="((?:[^"\\]|\\.)*)"')


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Name and labels to number; the text has nothing else than comments."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        matched = LINE.fullmatch(line)
        assert matched, line
        labels = {k: re.sub(r"\\(.)", r"\1", v) for k, v in LABEL.findall(matched[2])}
        key = (matched[1], frozenset(labels.items()))
        assert key not in found
        found[key] = float(matched[3])
    return found


def hostile(report: dict[str, Any]) -> None:
    """Names that a text format must escape."""
    for row in report["rows"]:
        row["model"] = 'm"\\\n} 1\nevil{x="'
        row["group"] = {"Black": "B\u202e\x1b[31m"}.get(row["group"], row["group"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`run` with hostile names and `run.prom` of it; `judged.prom` of a report with a verdict."""
    folder = tmp_path_factory.mktemp("made")
    out = made_run(first_run(folder), folder / "run", 1, hostile)
    flags = ["--metrics-file", str(folder / "run.prom")]
    assert run(["history", str(folder / "history"), str(out), *flags]) == 0
    (folder / "policy.yaml").write_text("name: p\nrules:\n  - {metric: auc, min: 0.99}\n")
    words = ["report", "--from", str(folder / "scores.csv"), "--attributes", "gender"]
    words += ["--policy", str(folder / "policy.yaml"), "--replicates", "100"]
    words += ["--out", str(folder / "judged"), "--metrics-file", str(folder / "judged.prom")]
    assert run(words) == 1
    return folder


def test_the_numbers_are_those_of_the_report(made: Path) -> None:
    folder, path = made / "run", made / "run.prom"
    text = path.read_text()
    assert text.endswith("# EOF\n")
    found = parsed(text)
    model = ("model", 'm"\\ } 1 evil{x="')
    rows = [
        r for r in document(folder)["rows"]
        if r["metric"] == "auc" and r["value"] is not None and r["attribute"] in ("gender", "race")
        and r["group"] not in ("all", "unknown")
    ]  # fmt: skip
    assert len(rows) == 4
    for row in rows:
        group = "B [31m" if row["group"].startswith("B") else row["group"]
        labels = frozenset({model, ("attribute", row["attribute"]), ("group", group)})
        for name in ("value", "low", "high"):
            end = "" if name == "value" else f"_{name}"
            assert found[f"fair_audit_auc{end}", labels] == row[name]
        assert found["fair_audit_samples", labels] == row["n"]
    assert "Asian" not in text  # hidden
    finished = datetime(2026, 11, 1, 2, tzinfo=UTC).timestamp()
    key = ("fair_audit_last_success_timestamp_seconds", frozenset({model}))
    assert found[key] == finished
    assert found["fair_audit_runs", frozenset({("kind", "counted")})] == 1


def promtool(text: str) -> tuple[int, str]:
    """What Prometheus' own tool says, which also lints names and texts; skips where it is not."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool here; it comes with Debian's prometheus")
    done = subprocess.run([found, "check", "metrics"], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_promtool_agrees(made: Path) -> None:
    for name in ("run.prom", "judged.prom"):
        assert promtool((made / name).read_text()) == (0, "")
    assert promtool('fair_audit_auc{model="m" 1\n')[0] != 0
    assert "no help text" in promtool('fair_audit_auc{model="m"} 1\n')[1]


def test_names_that_differ_in_a_mark_alone_stay_apart() -> None:
    samples = [Sample(f"a{mark}b_dice", "x", {"model": "m"}, n) for n, mark in enumerate(" -_")]
    found = parsed(metrics_text([*samples, *samples]))
    assert sorted(found.values()) == [0, 1, 2]


def test_the_verdict_is_one_of_three(made: Path) -> None:
    found = parsed((made / "judged.prom").read_text())
    verdicts = {dict(k[1])["verdict"]: v for k, v in found.items() if k[0] == "fair_audit_verdict"}
    assert verdicts == {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 0}
