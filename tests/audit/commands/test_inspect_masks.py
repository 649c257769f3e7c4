"""`fair-audit inspect` of a table with masks, before any model is known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from audit.cli import run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Twelve pictures whose masks hold 0 and 128, half of them 255, too."""
    lines = ["file,mask,sex"]
    for number in range(12):
        rng = np.random.default_rng(number)
        mask = np.zeros((20, 24), np.uint8)
        mask[5:9, 5:9], mask[12:15, 3:20] = 128, 255 * (number % 2)
        Pillow.fromarray(rng.integers(0, 256, mask.shape, np.uint8)).save(
            tmp_path / f"i{number}.png"
        )
        Pillow.fromarray(mask).save(tmp_path / f"m{number}.png")
        lines.append(f"i{number}.png,m{number}.png,{'FM'[number % 2]}")
    (tmp_path / "chests.csv").write_text("\n".join(lines))
    return tmp_path / "chests.csv"


def inspected(table: Path, capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    assert run(["inspect", str(table), "--attributes", "sex", *flags]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_numbers_that_nobody_has_named_are_counted(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = inspected(table, capsys)
    assert "12 masks have number 128 in 12, number 255 in 6 besides the background 0" in text
    assert "say what the numbers mean with --mask-values" in text


def test_structures_that_are_named_are_missed(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = inspected(table, capsys, "--mask-values", "128=heart,255=lung,7=spine")
    assert "6 of 12 masks have no lung" in text
    assert "no mask has a spine: a Dice of 1 is reached by drawing nothing" in text
    assert "no heart" not in text
    text = inspected(table, capsys, "--mask-values", "128=heart")
    assert "m1.png: holds 255, expected" in text
