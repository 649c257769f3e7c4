"""Tables as markdown, csv and LaTeX."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from training.study.evaluated import Evaluated
from training.study.layout import cell, csv_of, latex, markdown
from training.study.over_seeds import Spread
from training.study.rows import Block, Line


def spread(mean: float, sd: float = 0.01) -> Spread:
    half = 2 * sd
    return Spread(np.array([mean - sd, mean + sd]), mean, sd, mean - half, mean + half)


@pytest.fixture
def block() -> Block:
    names = ("auc", "es_auc", "dpd", "deodds", "rate", "auc:Asian")
    values = dict(zip(names, map(spread, (0.6784, 0.6167, 0.1535, 0.1511, 0.5, 0.7)), strict=True))
    groups = (("Asian", 152, 75), ("A|B_<c> & 5%", None, None))
    run = Evaluated(Path("run"), {}, {})
    plain = Line("CLIP", values, (run,))
    return Block("race", groups, (plain, Line("FairCLIP − CLIP", {"auc": spread(-0.02)})))  # noqa: RUF001


@pytest.mark.parametrize(
    ("found", "signed", "text"),
    [
        (spread(0.6784, 0.009), False, "67.84 ± 0.90 [66.0, 69.6]"),
        (spread(-0.02), True, "−2.00 ± 1.00 [−4.0, +0.0]"),  # noqa: RUF001
        (Spread(np.array([0.5]), 0.5, np.nan, np.nan, np.nan), False, "50.00"),
        (None, False, "not shown"),
    ],
)
def test_a_cell_is_percent_with_deviation_and_limits(
    found: Spread | None, signed: bool, text: str
) -> None:
    assert cell(found, signed) == text


def test_columns_stand_in_the_paper_s_order(block: Block) -> None:
    lines = markdown("T", [block], ["Below."]).splitlines()
    heads = [word.strip() for word in lines[4].replace(r"\|", "/").split("|")[1:-1]]
    assert heads == [
        *("model", "DPD ↓", "DEOdds ↓", "AUC ↑", "ES-AUC ↑"),
        *("Asian AUC ↑", "A/B_&lt;c> & 5% AUC ↑", "Flagged"),
    ]


def test_markdown_keeps_its_columns_whatever_a_group_is_called(block: Block) -> None:
    lines = markdown("T", [block], []).splitlines()[4:8]
    assert {line.replace(r"\|", "").count("|") for line in lines} == {9}
    assert "<c>" not in "".join(lines)


def test_latex_has_as_many_cells_in_every_row_and_nothing_special_left(block: Block) -> None:
    text = latex("T_1", "zero-shot", [block], ["100 % of a_b"])
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {row.replace(r"\&", "").count("&") for row in rows} == {7}
    assert r"A|B\_<c> \& 5\% AUC $\uparrow$" in rows[0]
    assert r"67.84 $\pm$ 1.00 [65.8, 69.8]" in rows[1]
    assert r"100 \% of a\_b" in text
    assert text.isascii()


def test_csv_has_a_row_a_number_with_every_seed(block: Block) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_of("zero-shot", [block]))))
    assert len(rows) == 7
    (asian,) = [row for row in rows if row["group"] == "Asian"]
    assert (asian["metric"], asian["n"], asian["n_positive"]) == ("auc", "152", "75")
    assert [float(value) for value in asian["values"].split()] == pytest.approx([0.69, 0.71])
    assert float(asian["low"]) == pytest.approx(0.68)
