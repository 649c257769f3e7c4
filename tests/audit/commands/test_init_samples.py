"""`fair-audit init --data`: what answers to samples show, and what they make of the draft."""

import math
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_server import serving
from odd_server import FLAGS, OddServer, write_greys

from audit.cli import run
from audit.retyped import retyped
from audit.trial import chosen_rows
from fairness.arrays import IntArray
from fairness.foreign.description import Scores
from fairness.foreign.model_yaml import read_model_yaml

GREYS = [20 * (number + 1) / 255 for number in range(12)]


def init(server: OddServer, folder: Path, *flags: object) -> int:
    table, spec = write_greys(folder), folder / "model.yaml"
    with serving(server) as endpoint:
        words = ("--endpoint", endpoint, "--model", "m", "--data", table, *FLAGS, "--out", spec)
        return run(["init", *map(str, (*words, *flags))])


@pytest.mark.parametrize(
    ("answer", "holds", "positive", "why"),
    [
        (lambda g: [g], "probability", None, "the 12 answers lay in 0.0784..0.941"),
        (lambda g: [9 * g - 4], "logit", None, "lay in -3.29..4.47, so they are no probabilities"),
        (lambda g: [1 - g, g], "probability", 1, "and sum to 1, so the model has its softmax"),
        (lambda g: [-g, g], "logits", 1, "lay in -0.941..0.941: logits if the classes exclude"),
        (lambda g: [g, g, g / 2], "probability", 1, "do not sum to 1: is each column a sigmoid?"),
    ],
)
def test_a_guess_follows_the_answers_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    answer: Callable[[float], list[float]], holds: str, positive: int | None, why: str,
) -> None:  # fmt: skip
    server = OddServer(answer=answer, columns=len(answer(0.5)))
    assert init(server, tmp_path, "--samples", 12) == 0
    said = read_model_yaml(tmp_path / "model.yaml")
    output = said.description.output
    assert isinstance(output, Scores)
    assert (output.holds, output.positive, said.description.target) == (holds, positive, "ill")
    (line,) = [line for line in said.text.splitlines() if line.startswith("  holds:")]
    assert "# GUESS: the 12 answers lay in" in line
    assert why in line
    printed = capsys.readouterr().out
    assert "12 samples (6 positive, 6 negative)" in printed
    assert "AUC 1.00 (of 12 it says little)" in printed
    assert "note: AUC" not in printed
    assert server.answered == 12


def test_what_was_seen_is_counted_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(OddServer(), tmp_path, "--samples", 12) == 0
    above = sum(grey >= 0.5 for grey in GREYS)
    said = capsys.readouterr().out
    assert f"{above} of 12 at or above the threshold 0.5" in said


def test_swapped_classes_are_asked_about_and_not_switched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(OddServer(answer=lambda g: [g, 1 - g], columns=2), tmp_path) == 0
    printed = capsys.readouterr().out
    assert "note: AUC 0.00 on 8 samples: are the classes swapped? then write positive: 0" in printed
    assert "positive: 1" in (tmp_path / "model.yaml").read_text()


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (lambda g: [0.5], "note: all 8 scores are alike"),
        (lambda g: [math.nan if g > 0.5 else g], "answers hold nan or infinity: check normalise"),
        (lambda g: [-g], "note: AUC 0.00 on 8 samples: are the classes swapped? --positive names"),
    ],
)
def test_odd_answers_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    answer: Callable[[float], list[float]], note: str,
) -> None:  # fmt: skip
    assert init(OddServer(answer=answer), tmp_path) == 0
    assert note in capsys.readouterr().out
    assert (tmp_path / "model.yaml").exists()


def test_the_command_it_prints_is_the_audit_and_the_changed_file_can_be_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, spec = write_greys(tmp_path), tmp_path / "model.yaml"
    with serving(OddServer()) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", f"--data={table}", *FLAGS]
        assert run(["init", *words, "--samples", "4", "--out", str(spec)]) == 0
        command = shlex.split(capsys.readouterr().out.splitlines()[-1])
        assert command == ["fair-audit", *words, "--spec", str(spec)]
        out = ["--out", str(tmp_path / "run"), "--replicates", "100"]
        assert run([*command[1:], *out]) == 0
        capsys.readouterr()
        spec.write_text(spec.read_text().replace("holds: probability", "holds: logit"))
        assert run(["init", *words, "--spec", str(spec)]) == 0
        printed = capsys.readouterr().out
        assert "scores in 0.5" in printed
        assert "is 'holds' probability, not logit?" in printed
    assert (tmp_path / "run" / "report" / "report.md").exists()


def test_a_description_that_the_answers_contradict_is_named_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(OddServer(), tmp_path) == 0
    spec = tmp_path / "model.yaml"
    with serving(OddServer(answer=lambda g: [3 * g])) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", "--data", str(tmp_path / "people.csv")]
        assert run(["init", *words, *FLAGS, "--spec", str(spec)]) == 3
    assert "output.holds: 'answer' answered" in capsys.readouterr().err


def test_rows_that_cannot_be_read_are_left_out_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, spec = write_greys(tmp_path), tmp_path / "model.yaml"
    table.write_text(table.read_text().replace("0.png,no", "0.png,"))
    (tmp_path / "5.png").write_bytes((tmp_path / "5.png").read_bytes()[:40])
    with serving(OddServer()) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", "--data", str(table), *FLAGS]
        words += ["--samples", "12", "--probes", "12", "--out", str(spec)]
        assert run(["init", *words]) == 3
        assert "people.csv row 1: 'ill' is blank" in capsys.readouterr().err
        assert run(["init", *words, "--on-error", "skip"]) == 0
    printed = capsys.readouterr().out
    assert "10 samples (6 positive, 4 negative)" in printed
    assert "10 probes" in printed
    assert printed.splitlines()[-1].endswith("--on-error skip --spec " + str(spec))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--samples", 1), "--samples 1: choose 2 to 1024"),
        (("--probes", 65), "--probes 65: choose 2 to 64"),
        (("--target", "age"), "people.csv: no column 'age'"),
        (("--positive", "1"), "must have two values, one of them '1' (name it with --positive)"),
        (("--attributes", "race"), "no column 'race'"),
    ],
)
def test_what_init_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[object, ...], message: str
) -> None:
    server = OddServer()
    assert init(server, tmp_path, *flags) in (2, 3)
    assert message in capsys.readouterr().err
    assert server.answered == 0
    assert not (tmp_path / "model.yaml").exists()


@pytest.mark.parametrize(
    ("labels", "most", "positive"),
    [([0] * 20 + [1] * 20, 8, 4), ([0] * 39 + [1], 8, 1), ([0, 1], 8, 1), ([1] * 5, 3, 3)],
)
def test_as_many_positive_as_negative_samples_are_sent(
    labels: list[int], most: int, positive: int
) -> None:
    found: IntArray = np.array(labels)
    rows = chosen_rows(found, len(found), most)
    assert len(set(rows.tolist())) == min(most, len(labels))
    assert found[rows].sum() == positive


def test_a_model_without_a_description_leads_to_the_draft(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(write_greys(tmp_path))
    with serving(OddServer()) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", "--data", table, *FLAGS]
        assert run([*words, "--replicates", "100", "--out", str(tmp_path / "run")]) == 3
        line = capsys.readouterr().err.strip()
        command = line.split("which this drafts: ")[1]
        assert shlex.split(command) == ["fair-audit", "init", *words]
        assert run([*shlex.split(command)[1:], "--out", str(tmp_path / "m.yaml")]) == 0


def test_shared_flags_are_typed_again_and_no_others() -> None:
    typed = ["--model", "a b", "--out", "x", "--resume", "--split-column=part", "--map", "s:a=b"]
    assert retyped("go", typed) == "go --model 'a b' --split-column=part --map s:a=b"
