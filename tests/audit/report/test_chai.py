"""chai.xml: a whole card, as the published schema has it, with the numbers of every group."""

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from chai_outline import NAMESPACE, faults
from scored_files import cohort, report, rows, write_csv
from several_files import LABELS, write_labels

from audit.cli import run

pytest_plugins = ["scored_cohort"]


@pytest.fixture(scope="module")
def finished(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("chai") / "run"
    assert report(source, out, "--intersect", "race*gender") == 0
    return out


def card(out: Path) -> ElementTree.Element:
    return ElementTree.fromstring((out / "report" / "chai.xml").read_bytes())


def text_at(root: ElementTree.Element, path: str) -> str:
    found = root.find("/".join(NAMESPACE + name for name in path.split("/")))
    assert found is not None
    return found.text or ""


def results(root: ElementTree.Element, part: str) -> dict[str, Any]:
    """Label to value; no label may be there twice."""
    inside = root.find(f"{NAMESPACE}KeyMetrics/{NAMESPACE}{part}/{NAMESPACE}Results")
    assert inside is not None
    pairs = [(text_at(one, "Label"), json.loads(text_at(one, "ValueJson"))) for one in inside]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_it_is_a_whole_card_with_every_group_s_numbers(finished: Path) -> None:
    root, expected = card(finished), rows(finished)
    assert list(faults(root)) == []
    fairness = results(root, "FairnessEquity")
    for group in ("Asian", "Black", "White"):
        row = expected["race", group, "auc"]
        assert fairness[f"AUC, race: {group}"] == {
            "kind": "estimate_ci",
            "estimate": round(row["value"], 3),
            "lower": round(row["low"], 3),
            "upper": round(row["high"], 3),
            "level": 95.0,
        }
        assert fairness[f"samples, race: {group}"]["value"] == row["n"]
        assert fairness[f"positives, race: {group}"]["value"] == row["n_positive"]
    assert results(root, "UsefulnessUsabilityEfficacy")["AUC"]["estimate"] == round(
        expected["overall", "all", "auc"]["value"], 3
    )
    assert not any("\\*" in label for label in fairness)


def test_what_no_audit_knows_is_not_stated(finished: Path) -> None:
    root = card(finished)
    for path in (
        "BasicInfo/ModelDeveloper",
        "ReleaseInfo/ReleaseDate",
        "UsesAndDirections/IntendedUseAndWorkflow",
        "Warnings/ClinicalRiskLevel",
        "TrustIngredients/AISystemFacts/ModelType",
        "TrustIngredients/TransparencyInformation/FundingSource",
        "Resources/PatientConsentOrDisclosure",
    ):
        assert text_at(root, path) == "not stated", path
    empty = [one.tag for one in root.iter() if not len(one) and not (one.text or "").strip()]
    assert empty == [f"{NAMESPACE}Keywords"]


def test_the_manifest_has_it(finished: Path) -> None:
    assert run(["verify", str(finished)]) == 0
    assert "  chai.xml\n" in (finished / "report" / "MANIFEST.sha256").read_text()


def test_no_name_breaks_it_or_becomes_markup(tmp_path: Path) -> None:
    columns = cohort(500)
    names = ("<script>alert(1)</script>", "]]>&amp;", "\x1b[31mred\x07", "=cmd|' /C x'!A0", "￾")
    columns["race"] = [names[i % len(names)] for i in range(500)]
    source = write_csv(tmp_path / "odd.csv", columns)
    name = "<script>&\x1b[2J" + "x" * 10_000
    assert report(source, tmp_path / "run", "--name", name) == 0
    text = (tmp_path / "run" / "report" / "chai.xml").read_text()
    root = card(tmp_path / "run")
    assert list(faults(root)) == []
    assert "<script" not in text
    assert "\x1b" not in text
    told = text_at(root, "BasicInfo/ModelName")
    assert told.startswith("\\<script\\>\\& \\[2J")  # harmless as Markdown, too
    assert len(told) > 10_000
    labels = results(root, "FairnessEquity")
    assert "AUC, race: \\<script\\>alert(1)\\</script\\>" in labels


def test_hidden_groups_are_left_out(tmp_path: Path) -> None:
    columns = cohort(600)
    columns["race"] = ["Few" if i % 150 == 7 else "AB"[i % 2] for i in range(600)]
    assert report(write_csv(tmp_path / "few.csv", columns), tmp_path / "run") == 0
    root, expected = card(tmp_path / "run"), rows(tmp_path / "run")
    fairness = results(root, "FairnessEquity")
    assert not any("Few" in label for label in fairness)
    assert "AUC, gender: Male" in fairness
    shown = {g: r["n"] for (a, g, m), r in expected.items() if (a, m) == ("race", "auc")}
    for group in ("A", "B"):
        found = fairness.get(f"samples, race: {group}", {"value": None})
        assert found["value"] == shown[group]


def test_a_report_without_any_shown_group_still_has_a_result(tmp_path: Path) -> None:
    columns = {name: cohort(60)[name] for name in ("id", "target", "score", "race")}
    columns["race"] = [f"g{i}" for i in range(60)]
    assert report(write_csv(tmp_path / "t.csv", columns), tmp_path / "run") == 0
    root = card(tmp_path / "run")
    assert list(faults(root)) == []
    assert results(root, "FairnessEquity") == {
        "no number is shown": {"kind": "single", "value": "not stated"}
    }


def test_each_label_has_numbers_of_its_own(tmp_path: Path) -> None:
    flags = ("--target", ",".join(LABELS), "--score", ",".join(f"p_{label}" for label in LABELS))
    source = write_labels(tmp_path).path
    assert report(source, tmp_path / "run", *flags, "--attributes", "sex") == 0
    root = card(tmp_path / "run")
    assert list(faults(root)) == []
    fairness = results(root, "FairnessEquity")
    aucs = [fairness[f"AUC, {label}, sex: Female"]["estimate"] for label in LABELS]
    assert aucs[1] == min(aucs)  # women are scored worse for Mass


@pytest.mark.parametrize("fault", ["missing", "order", "twice", "unknown", "text", "namespace"])
def test_the_check_of_a_card_can_fail(fault: str, finished: Path) -> None:
    root = card(finished)
    sound = copy.deepcopy(root)
    info = root[0]
    if fault == "missing":
        info.remove(info[1])
    elif fault == "order":
        info[:] = [info[1], info[0], info[2]]
    elif fault == "twice":
        info.append(copy.deepcopy(info[2]))
    elif fault == "unknown":
        info.append(ElementTree.Element(f"{NAMESPACE}Price"))
    elif fault == "text":
        root.text = "more"
    else:
        info[0].tag = "ModelName"
    assert list(faults(sound)) == []
    assert list(faults(root)) != []
