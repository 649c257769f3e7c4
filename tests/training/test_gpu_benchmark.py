"""`make gpu` where there is no GPU, and tables of which a row fails."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import gpu, gpu_page
from benchmarks.gpu_timing import guarded_row, guarded_rows, table, timed


def test_without_a_gpu_it_says_so_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu_page, "card", lambda: gpu_page.NO_CARD)
    monkeypatch.setattr(sys, "argv", ["gpu", "--out", str(tmp_path / "gpu.md")])
    gpu.main()
    assert capsys.readouterr().out == "no GPU found: nothing was measured, and no page written\n"
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_fails_leaves_the_others_on_the_page_and_those_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise RuntimeError("out of\nmemory")

    out = tmp_path / "gpu.md"
    out.write_text("# Old head\n\n## Third\n\n| kept |\n\n## Gone\n\n| old |\n")
    parts = {
        "First": ("training", broken),
        "Second": ("training", lambda: "| 1 |"),
        "Third": ("serving", broken),
    }
    monkeypatch.setattr(gpu, "sections", lambda *_: parts)
    monkeypatch.setattr(sys, "argv", ["gpu", "--tiny", "--only", "training", "--out", str(out)])
    gpu.main()
    head, first, second, third = out.read_text().split("## ")
    assert head.startswith("# On a GPU\n")
    assert first.endswith("\n\nfailed: RuntimeError: out of memory\n\n")
    assert second.startswith("Second\n\nOn: ")
    assert second.endswith("\n\n| 1 |\n\n")
    assert third == "Third\n\n| kept |\n"


def test_a_row_that_fails_says_why_in_one_line() -> None:
    def fails() -> list[str]:
        raise ValueError("a | b\nmore")

    def rows() -> Iterator[list[str]]:
        yield guarded_row(["x"], 3, fails)
        raise OSError("gone")

    assert table(["a", "b", "c"], guarded_rows("y", 3, rows())).splitlines()[2:] == [
        "| x | failed: ValueError: a / b |  |",
        "| y | failed: OSError: gone |  |",
    ]


def test_a_step_is_warmed_up_and_then_repeated() -> None:
    calls: list[int] = []
    took = timed(lambda: calls.append(1), images=4)
    assert len(calls) == 3 + 20
    assert took.images_s == pytest.approx(4 * 1000 / took.milliseconds)
