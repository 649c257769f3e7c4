"""`fair-audit parity` on the real server: sound copies, and planted faults found with the group."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served_parity import rewrite, write_parity_models
from tritonclient.grpc import InferenceServerClient

from audit.cli import run

pytest_plugins = ["audit_fixtures"]

BLACK = 1
"""Code of the race in the files."""


@pytest.fixture(scope="module")
def bright_root(split_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The split, in which the images of one race are bright at their upper edge."""
    root = tmp_path_factory.mktemp("bright") / "data"
    shutil.copytree(split_root, root)
    rng = np.random.default_rng(0)
    for i, path in enumerate(sorted((root / "Test").glob("*.npz"))):
        race = i % 3
        level = rng.uniform(130, 160) if race == BLACK else rng.uniform(40, 95)
        rewrite(path, level, race=race, gender=i // 3 % 2, glaucoma=i // 6 % 2)
    return root


@pytest.fixture(scope="module")
def models(endpoint: str, repository: Path) -> str:
    """The endpoint, with the models of this module loaded."""
    with InferenceServerClient(endpoint) as client:
        for name in write_parity_models(repository):
            client.load_model(name)
    return endpoint


def parity(endpoint: str, model: str, root: Path, out: Path, *flags: object) -> int:
    words = ["parity", "--endpoint", endpoint, "--model", model, "--data", root, "--out", out]
    quick = ["--replicates", "100", "--attributes", "race,gender"]
    return run([*map(str, (*words, *flags)), *quick])


def found(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "parity.json").read_text())
    return document


def failed(document: dict[str, Any], what: str) -> set[tuple[str, str]]:
    return {
        (one["attribute"], one["group"])
        for one in document["checks"]
        if one["what"] == what and one["verdict"] == "FAIL"
    }


@pytest.mark.further
def test_a_copy_answers_alike_and_only_more_samples_would_say_more(
    models: str, bright_root: Path, tmp_path: Path
) -> None:
    flags = ("--against-model", "edge")
    assert parity(models, "edge_again", bright_root, tmp_path, *flags) == 0
    document = found(tmp_path)
    assert document["verdict"] == "INCONCLUSIVE"
    assert {one["largest"] for one in document["apart"]} == {0.0}
    assert {one["flips"] for one in document["apart"]} == {0}
    assert parity(models, "edge_again", bright_root, tmp_path, *flags, "--strict") == 4
    assert parity(models, "edge_again", bright_root, tmp_path, *flags, "--change", "1") == 0
    assert found(tmp_path)["verdict"] == "PASS"


def test_float16_that_overflows_for_one_group_is_named_with_the_group(
    models: str, bright_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--against-model", "edge", "--threshold", "0.7")
    assert parity(models, "edge_half", bright_root, tmp_path, *flags) == 1
    document = found(tmp_path)
    races = {g for a, g in failed(document, "score") if a == "race"}
    assert races == {"Black"}
    assert {g for a, g in failed(document, "flips") if a == "race"} == {"Black"}
    (black,) = [one for one in document["apart"] if one["group"] == "Black"]
    assert black["flips"] == black["n"]
    assert black["largest"] == pytest.approx(1 - 130 / 255, abs=0.02)
    out = capsys.readouterr().out
    assert "FAIL race Black: scores differ" in out
    assert "furthest off: race Black, by 0.4" in out
    page = (tmp_path / "parity.html").read_text()
    assert "race Black: 100.0% of the decisions flip" in page
    assert "<script" not in page
    assert len(page) < 2**21


def test_answers_that_are_no_probability_fail_with_their_group_and_are_left_out(
    models: str, bright_root: Path, tmp_path: Path
) -> None:
    flags = ("--against-model", "edge")
    assert parity(models, "edge_undefined", bright_root, tmp_path, *flags) == 1
    document = found(tmp_path)
    assert {g for a, g in failed(document, "answers") if a == "race"} == {"Black"}
    unusable = {one["group"]: one["unusable"] for one in document["apart"]}
    (black,) = [one for one in document["apart"] if one["group"] == "Black"]
    assert black["unusable"] == black["n"] == unusable["all"]
    assert document["comparison"]["about"]["n"] == 90 - unusable["all"]
    assert "no probability" in document["comparison"]["about"]["note"]


def test_swapped_rows_and_columns_are_found_in_every_group(
    models: str, bright_root: Path, tmp_path: Path
) -> None:
    assert parity(models, "edge_swapped", bright_root, tmp_path, "--against-model", "edge") == 1
    document = found(tmp_path)
    assert len(failed(document, "score")) == len(document["apart"])


@pytest.mark.further
def test_a_stored_run_of_the_same_model_is_a_reference(
    models: str, bright_root: Path, tmp_path: Path
) -> None:
    stored = tmp_path / "stored"
    words = ["--model", "edge", "--data", bright_root, "--out", stored, "--replicates", "100"]
    assert run(["--endpoint", models, *map(str, words), "--attributes", "race,gender"]) == 0
    out = tmp_path / "out"
    flags = ("--reference", stored, "--threshold", "0.7")
    assert parity(models, "edge_half", bright_root, out, *flags) == 1
    document = found(out)
    assert {g for a, g in failed(document, "score") if a == "race"} == {"Black"}
    about = document["comparison"]["about"]
    assert about["first"] == {"folder": str(stored), "name": "edge", "threshold": 0.7}
    assert parity(models, "edge", bright_root, out, "--reference", stored) == 0
    assert {one["largest"] for one in found(out)["apart"]} == {0.0}


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ([], 2, "name one reference"),
        (["--reference", "x", "--against-model", "edge"], 2, "name one reference"),
        (["--reference", "nowhere"], 3, "no such file"),
        (["--against-model", "edge", "--tolerance", "nan"], 2, "are numbers from 0 on"),
        (["--against-model", "edge", "--metrics", "charm"], 2, "--metrics: no 'charm'"),
        (["--against-model", "absent"], 3, "absent"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    flags: list[str],
    code: int,
    said: str,
    models: str,
    bright_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert parity(models, "edge", bright_root, tmp_path / "out", *flags) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
