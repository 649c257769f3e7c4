"""`fair-audit parity` and `repeat` of labels and classes on the real server."""

import json
from pathlib import Path
from typing import Any

import pytest
from served_several import LABELS, ORDERED, SEVERAL, write_pictures

from audit.cli import run

pytest_plugins = ["audit_fixtures"]
pytestmark = pytest.mark.further
QUICK = ("--attributes", "sex", "--replicates", "100")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"), 80)


def spec(folder: Path, text: str, name: str = "model.yaml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def asked(endpoint: str, command: list[str], *words: object) -> int:
    return run([*command, "--endpoint", endpoint, *map(str, words)])


def found(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def test_labels_that_another_reading_swaps_are_named(
    endpoint: str, pictures: Path, tmp_path: Path
) -> None:
    text, out = SEVERAL, tmp_path / "out"
    swapped = spec(tmp_path, text.replace("Effusion: 3, Mass: 0", "Effusion: 0, Mass: 3"), "s.yaml")
    of_model = ("--model", "foreign_findings", "--data", pictures, *QUICK)
    right = ("--against-spec", spec(tmp_path, text))
    assert asked(endpoint, ["parity"], *of_model, "--spec", swapped, *right, "--out", out) == 1
    document = found(out / "parity.json")
    overall = {
        one["label"]: one for one in document["apart"] if one["attribute"] == "overall"
    }  # fmt: skip
    assert overall["Nodule"]["largest"] == overall["Nodule"]["flips"] == 0
    assert min(overall[label]["largest"] for label in ("", "Effusion", "Mass")) > 0.1
    assert overall[""]["flips"] == sum(overall[label]["flips"] for label in LABELS)
    assert document["comparison"]["about"]["second"]["by_label"]["Mass"] == 0.4


@pytest.mark.parametrize(
    ("model", "text", "refused"),
    [
        ("findings", SEVERAL, "parity needs the same ones in the same order"),
        ("steps", ORDERED, "classes"),
    ],
)
def test_a_stored_run_of_labels_or_classes_is_a_reference(
    model: str,
    text: str,
    endpoint: str,
    pictures: Path,
    tmp_path: Path,
    refused: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    described = ("--spec", spec(tmp_path, text), "--data", pictures)
    of_model = ("--model", f"foreign_{model}", *described)
    assert asked(endpoint, [], *of_model, *QUICK, "--out", tmp_path / "run") == 0
    stored = ("--reference", tmp_path / "run")
    judged = ("--metrics", "accuracy", "--out", tmp_path / "out")
    assert asked(endpoint, ["parity"], *of_model, *QUICK, *stored, *judged) == 0
    document = found(tmp_path / "out" / "parity.json")
    assert {one["largest"] for one in document["apart"]} == {0.0}
    assert {one["flips"] for one in document["apart"]} == {0}
    assert {one["what"] for one in document["checks"]} == {"score", "flips", "accuracy"}
    told = tmp_path / "repeat.json"
    few = ("-n", "40", "--attributes", "sex", "--out", told)
    assert asked(endpoint, ["repeat"], *of_model, *few) == 0
    assert {one["flips"] for one in found(told)["differences"]} == {0}
    other = spec(tmp_path, text.replace("Effusion: 3, ", "").replace("mild, ", ""), "other.yaml")
    words = ("--model", f"foreign_{model}", "--spec", other, "--data", pictures, *QUICK, *stored)
    assert asked(endpoint, ["parity"], *words, "--out", tmp_path / "third") != 0
    assert refused in capsys.readouterr().err
    assert not (tmp_path / "third").exists()
