"""model_card.md as Hugging Face reads it, and annotations as GitHub reads them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResult
from huggingface_hub.repocard_data import model_index_to_eval_results
from scored_files import cohort, report, rows, write_csv

from audit.policy.verdict import Check
from audit.report.github import annotation

pytest_plugins = ["scored_cohort"]

NASTY = ("--- x", "a: {b", "<script>", "'\"\n- x", "::error::x%0A")


def front_of(out: Path) -> dict[str, Any]:
    text = (out / "report" / "model_card.md").read_text()
    _, front, _ = text.split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(front)
    return found


def whose(result: EvalResult) -> tuple[str, str]:
    """Attribute and group."""
    assert result.metric_args is not None
    return result.metric_args["attribute"], result.metric_args["group"]


def test_hugging_face_reads_the_numbers_of_every_group(source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path, "--intersect", "race*gender") == 0
    name, results = model_index_to_eval_results(front_of(tmp_path)["model-index"])
    assert name == "predictions"
    expected = rows(tmp_path)
    found = {(*whose(r), r.metric_type): r for r in results}
    assert len(found) == len(results) > 50
    for key in (("race", "Black", "auc"), ("overall", "all", "auc"), ("race", "all", "es_auc")):
        args, row = found[key].metric_args, expected[key]
        assert args is not None
        assert found[key].metric_value == round(row["value"], 3)
        assert (args["low"], args["high"]) == (round(row["low"], 3), round(row["high"], 3))
        assert args["n"] == row["n"]
    assert found["race", "Black", "auc"].metric_name == "AUC, race: Black"
    assert not any("*" in attribute for attribute, _, _ in found)


def test_hidden_groups_are_left_out(tmp_path: Path) -> None:
    columns = cohort(600)
    columns["race"] = ["Few" if i % 150 == 7 else "AB"[i % 2] for i in range(600)]
    assert report(write_csv(tmp_path / "few.csv", columns), tmp_path / "run") == 0
    _, results = model_index_to_eval_results(front_of(tmp_path / "run")["model-index"])
    groups = {whose(r) for r in results}
    assert not {("race", "Few")} & groups
    assert ("gender", "Male") in groups
    expected = rows(tmp_path / "run")
    for result in results:
        row = expected[(*whose(result), result.metric_type)]
        assert (result.metric_args or {}).get("n") == row["n"]


def test_no_name_breaks_the_front_matter(tmp_path: Path) -> None:
    columns = cohort(500)
    columns["race"] = [NASTY[i % len(NASTY)] for i in range(500)]
    source = write_csv(tmp_path / "nasty.csv", columns)
    assert report(source, tmp_path / "run", "--name", "--- m: [") == 0
    index = front_of(tmp_path / "run")["model-index"][0]
    assert index["name"] == "--- m: ["
    groups = {m["args"]["group"] for m in index["results"][0]["metrics"]}
    assert {"--- x", "a: {b", "<script>", "'\" - x", "::error::x%0A"} <= groups
    body = (tmp_path / "run" / "report" / "model_card.md").read_text()
    assert "<script>" not in body.split("---\n", 2)[2]


def test_github_gets_one_line_a_check_that_does_not_pass(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.yaml").write_text(
        "name: 'a, b: c'\nrules:\n  - {metric: auc, min: 0.99}\n  - {metric: auc, max: 0.99}\n"
        "  - {metric: auc, attribute: gender, min: 0.84}\n"
    )
    flags = ("--policy", tmp_path / "p.yaml", "--format", "github")
    assert report(source, tmp_path / "run", *flags) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    verdicts = [check["verdict"] for check in checks_of(tmp_path / "run")]
    assert len(lines) == sum(verdict != "PASS" for verdict in verdicts) >= 1
    assert lines[0].startswith(
        "::error title=fair-audit FAIL%2C policy a%2C b%3A c::auc of overall"
    )


def checks_of(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((out / "report" / "report.json").read_text())[
        "checks"
    ]
    return found


def test_no_text_ends_an_annotation() -> None:
    check = Check(
        attribute="race", against=None, group="x\n::error::y 5%", metric="auc", margin=">= 0.9",
        value=0.5, low=None, high=None, verdict="INCONCLUSIVE", reason="r\r\n::stop-commands::t",
    )  # fmt: skip
    line = annotation(check, "p")
    assert "\n" not in line
    assert "\r" not in line
    assert line.startswith("::warning title=")
    assert "5%25" in line


def test_github_without_policy_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(source, tmp_path / "run", "--format", "github") == 2
    assert "--format github does nothing without margins" in capsys.readouterr().err
