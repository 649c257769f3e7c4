"""`fair-audit init --data` of models of several labels, and of classes."""

import csv
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_server import serving
from odd_server import OddServer, write_greys

from audit.cli import run
from audit.trial import chosen_rows
from fairness.foreign.description import Scores
from fairness.foreign.model_yaml import read_model_yaml

Answer = Callable[[float], list[float]]


def wide(folder: Path) -> Path:
    """Twelve greys: `Mass` of the lighter half, `Nodule` of the darker, `grade` of four steps."""
    write_greys(folder)
    rows = []
    for number in range(12):
        mass = "" if number == 3 else str(int(number >= 6))
        listed = "Mass|Odd" if number >= 6 else "Nodule" if number else "No Finding"
        word = ("none", "mild", "severe")[number // 4]
        rows.append([f"{number}.png", mass, int(number < 6), listed, number // 4, word])
    with (folder / "wide.csv").open("w", newline="") as file:
        heads = ["file", "Mass", "Nodule", "listed", "grade", "word"]
        csv.writer(file).writerows([[*heads, "sex"], *([*row, "FM"[row[1] == 1]] for row in rows)])
    return folder / "wide.csv"


def init(server: OddServer, folder: Path, *flags: object) -> int:
    with serving(server) as endpoint:
        words = ("--endpoint", endpoint, "--model", "m", "--data", wide(folder))
        more = ("--attributes", "sex", "--samples", 12, "--out", folder / "model.yaml")
        return run(["init", *map(str, (*words, *more, *flags))])


def drafted(folder: Path) -> tuple[str, Scores, str]:
    said = read_model_yaml(folder / "model.yaml")
    assert isinstance(said.description.output, Scores)
    return said.description.task, said.description.output, said.text


@pytest.mark.parametrize(
    ("answer", "holds"),
    [(lambda g: [g, 1 - g, 0.3], "probability"), (lambda g: [9 * g - 4, 4 - 9 * g, 2], "logit")],
)
def test_labels_are_drafted_in_the_order_of_the_flag_and_seen_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Answer, holds: str
) -> None:
    assert init(OddServer(answer=answer, columns=3), tmp_path, "--target", "Mass,Nodule") == 0
    task, output, text = drafted(tmp_path)
    assert (task, output.holds, output.labels) == ("multilabel", holds, {"Mass": 0, "Nodule": 1})
    assert "labels: {Mass: 0, Nodule: 1}  # GUESS: the column of each, from 0 to 2" in text
    printed = " ".join(capsys.readouterr().out.split())
    assert "12 samples, 2 labels" in printed
    assert "Mass (column 0): 6 positive, 5 negative, scores in 0." in printed
    assert "Nodule (column 1): 6 positive, 6 negative" in printed
    assert printed.count("AUC 1.00") == 2
    assert "note:" not in printed.split("12 samples")[1]


def test_a_swapped_and_a_constant_label_are_told_and_not_switched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = OddServer(answer=lambda g: [0.5, g, 1 - g], columns=3)
    assert init(server, tmp_path, "--target", "Mass,Nodule") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "note: all 12 scores of Mass are alike" in printed
    assert "note: Nodule: AUC 0.00 on 12 samples: are columns swapped? column 2 has 1.00" in printed
    assert drafted(tmp_path)[1].labels == {"Mass": 0, "Nodule": 1}


def test_a_column_that_lists_labels_gives_them_and_the_printed_line_audits_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, spec = OddServer(answer=lambda g: [g, 1 - g, g], columns=3), tmp_path / "model.yaml"
    with serving(server) as endpoint:
        words = ["--endpoint", endpoint, "--model", "m", "--data", str(wide(tmp_path))]
        words += ["--target", "listed", "--target-separator", "|", "--attributes", "sex"]
        assert run(["init", *words, "--probes", "12", "--out", str(spec)]) == 0
        printed = shlex.split(capsys.readouterr().out.splitlines()[-1])
        assert printed == ["fair-audit", *words, "--spec", str(spec)]
        out = tmp_path / "run"
        assert run([*printed[1:], "--replicates", "100", "--out", str(out)]) == 0
    assert drafted(tmp_path)[1].labels == {"Mass": 0, "Nodule": 1, "Odd": 2}
    assert "(verified against 20" in (out / "report" / "report.md").read_text()


@pytest.mark.parametrize(
    ("answer", "holds", "seen"),
    [
        (lambda g: [1 - g, 0.6 * g, 0.4 * g], "probability", "rows sum to 1"),
        (lambda g: [-g, g, 3 * g - 1], "logits", "rows do not sum to 1"),
        (lambda g: [g, g / 2, 0.4], "logits", "rows do not sum to 1"),
    ],
)
def test_classes_are_drafted_sorted_with_their_accuracy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Answer, holds: str, seen: str
) -> None:
    assert init(OddServer(answer=answer, columns=3), tmp_path, "--target", "word") == 0
    task, output, text = drafted(tmp_path)
    assert (task, output.holds) == ("multiclass", holds)
    assert (output.classes, output.ordered) == (("mild", "none", "severe"), False)
    assert 'target: "word"' in text
    greys = [20 * (number + 1) / 255 for number in range(12)]
    order = ("mild", "none", "severe")
    truth = [order.index(("none", "mild", "severe")[number // 4]) for number in range(12)]
    right = sum(int(np.argmax(answer(g))) == t for g, t in zip(greys, truth, strict=True))
    printed = " ".join(capsys.readouterr().out.split())
    assert f"{seen}, {right} of 12 right (accuracy {right / 12:.2f}; always the" in printed


def test_numbered_classes_are_ordered_and_the_missing_ones_named(tmp_path: Path) -> None:
    server = OddServer(answer=lambda g: [g, 0.0, 0.0, 1 - g], columns=4)
    assert init(server, tmp_path, "--target", "grade") == 0
    _, output, text = drafted(tmp_path)
    assert (output.classes, output.ordered) == (("0", "1", "2", "3"), True)
    assert "ordered: true  # GUESS" in text


@pytest.mark.parametrize(
    ("columns", "flags", "message"),
    [
        (1, ("--target", "Mass,Nodule"), "the table has 2 labels, Mass, Nodule, and the model"),
        (3, ("--target", "Mass,Nodle"), "no column 'Nodle'"),
        (3, ("--target", "Mass,Mass"), "names a column twice"),
        (3, ("--target", "file"), "column 'file' has 12 values"),
        (3, ("--target", "word", "--map", "word:mild=a:b"), "the class 'a:b' of the table"),
        (2, ("--target", "word"), "must have two values"),
        (101, ("--target", "word"), "must have two values"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    columns: int, flags: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    server = OddServer(answer=lambda g: [g] * columns, columns=columns)
    assert init(server, tmp_path, *flags) in (2, 3)
    assert message in capsys.readouterr().err
    assert server.answered == 0
    assert not (tmp_path / "model.yaml").exists()


def test_answers_of_another_length_than_the_table_needs_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = OddServer(answer=lambda g: [g, 1 - g], columns=-1)
    assert init(server, tmp_path, "--target", "word") == 2
    said = "column 'word' has 3 values, mild, none, severe, and the model answers 2 numbers"
    assert said in capsys.readouterr().err
    assert not (tmp_path / "model.yaml").exists()


def test_each_label_has_positives_and_negatives_among_few_samples() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((4000, 6)) < (0.5, 0.1, 0.02, 0.9, 0.01, 0.001)).astype(np.int64)
    labels[rng.random(labels.shape) < 0.3] = -1
    rows = chosen_rows(labels, len(labels), 8)
    assert len(set(rows.tolist())) == 8
    assert ((labels[rows] == 1).any(axis=0)).tolist() == (labels == 1).any(axis=0).tolist()
    assert (labels[rows] == 0).any(axis=0).all()
    assert sorted(chosen_rows(labels[:5], 5, 8).tolist()) == [0, 1, 2, 3, 4]
