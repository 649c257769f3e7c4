import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from audit.cli import run
from audit.design.needed import needed_multiples
from audit.design.plan_file import read_plan, sealed, text_of
from audit.policy.policy import read_policy
from fairness.errors import UsageError
from fairness.statistics.settings import Settings

POLICY = """
name: planned <b>
rules:
  - {metric: auc, attribute: race, min: 0.75}
  - {metric: auc_difference, attribute: race, scope: gap, max: 0.15}
"""
FLAGS = ["--groups", "race:asian=200,black=300,white=2000", "--prevalence", "0.3"]
FLAGS += ["--auc", "0.85,black=0.82"]


def policy(folder: Path, text: str = POLICY) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("plan")
    flags = ["--policy", str(policy(found)), *FLAGS, "--draws", "300"]
    assert run(["plan", *flags, "--out", str(found / "plan.json")]) == 0
    return found


def test_a_plan_says_how_often_each_rule_passes_and_from_which_size_on(folder: Path) -> None:
    plan = json.loads((folder / "plan.json").read_text())
    for line in (*plan["rules"], plan["whole"]):
        assert line["passes"] + line["fails"] + line["open"] == pytest.approx(1)
        assert line["multiple"] is not None
    # The whole policy passes only where each rule does.
    assert plan["whole"]["passes"] <= min(line["passes"] for line in plan["rules"])
    assert plan["tried"][f"{plan['whole']['multiple']:g}"][-1] >= 0.8
    assert 0.45 < plan["rules"][0]["passes"] < 0.75


def test_the_picture_is_xml_with_its_texts_escaped(folder: Path) -> None:
    text = (folder / "plan.svg").read_text()
    root = ElementTree.fromstring(text)
    assert "planned <b>" in "".join(root.itertext())
    assert "planned <b>" not in text


def test_a_plan_is_read_back_for_its_own_policy_alone(folder: Path, tmp_path: Path) -> None:
    rules, settings = read_policy(folder / "policy.yaml"), Settings()
    plan = read_plan(folder / "plan.json", rules, settings)
    assert plan.sha256 == plan.digest()
    assert plan.design.n == 2500
    other = read_policy(policy(tmp_path, POLICY.replace("0.75", "0.76")))
    with pytest.raises(UsageError, match="other rules"):
        read_plan(folder / "plan.json", other, settings)
    with pytest.raises(UsageError, match=r"other --confidence \(0.95\)"):
        read_plan(folder / "plan.json", rules, Settings(confidence=0.9))
    with pytest.raises(UsageError, match="after the run began"):
        read_plan(folder / "plan.json", rules, settings, begun="2020-01-01T00:00:00+00:00")


def test_a_changed_plan_is_refused(folder: Path, tmp_path: Path) -> None:
    rules, settings = read_policy(folder / "policy.yaml"), Settings()
    changed = tmp_path / "plan.json"
    changed.write_text((folder / "plan.json").read_text().replace('"n": 200', '"n": 201'))
    with pytest.raises(UsageError, match="changed after it was written"):
        read_plan(changed, rules, settings)
    plan = read_plan(folder / "plan.json", rules, settings)
    changed.write_text(text_of(sealed(replace(plan, written="2999-01-01T00:00:00+00:00"))))
    with pytest.raises(UsageError, match="after the run began"):
        read_plan(changed, rules, settings)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 2}', "not json"])
def test_what_is_no_plan_is_refused(text: str, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="no plan.json"):
        read_plan(path, read_policy(folder / "policy.yaml"), Settings())


@pytest.mark.parametrize(
    ("rule", "flags", "words"),
    [
        ("{metric: true_positive_rate, min: 0.8}", FLAGS, "state tpr or fpr"),
        ("{metric: brier_score, max: 0.2}", FLAGS, "scale of the scores"),
        ("{metric: auc, change: true, min: 0}", FLAGS, "changes"),
        ("{metric: auc, attribute: sex, min: 0.8}", FLAGS, "no such attribute"),
        ("{metric: auc, min: 0.8}", ["--groups", "race:a=1.5"], "whole number"),
        ("{metric: auc, min: 0.8}", ["--groups", "a=100"], "is not ATTRIBUTE"),
        ("{metric: auc, min: 0.8}", [*FLAGS, "--tpr", "green=0.8"], "no group 'green'"),
        ("{metric: auc, min: 0.8}", [], "describe the groups"),
        ("{metric: auc, min: 0.8}", [*FLAGS, "--draws", "3"], "at least 100"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    rule: str, flags: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = policy(tmp_path, f"name: p\nrules:\n  - {rule}\n")
    out = tmp_path / "plan.json"
    assert run(["plan", "--policy", str(path), *flags, "--out", str(out)]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_the_search_finds_a_known_size() -> None:
    # PASS with probability 1 - 2^-(3 m) and m / (1 + m): enough from m = 0.774 and m = 4 on.
    def passing(m: float) -> list[float]:
        return [1 - 2 ** (-3 * m), m / (1 + m), 0.3]

    found, tried = needed_multiples(passing, 0.8)
    assert found[0] == pytest.approx(0.774, rel=0.05)
    assert found[1] == pytest.approx(4, rel=0.05)
    assert found[2] is None
    assert list(tried) == sorted(tried)
