"""The cache of decoded images of a run: only where it is asked for, and refused in a line."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from audit.options import AnalysisOptions, Options
from audit.reading import kept_images
from fairness.errors import UsageError

OPTIONS = Options(AnalysisOptions())


def test_there_is_none_unless_it_is_asked_for() -> None:
    with kept_images(OPTIONS, Console(file=io.StringIO())) as cache:
        assert cache is None


def test_it_is_a_folder_below_the_one_that_is_named(tmp_path: Path) -> None:
    with kept_images(replace(OPTIONS, cache=tmp_path / "kept"), Console()) as cache:
        assert cache is not None
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["fair-audit-images"]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    with (
        pytest.raises(UsageError, match="--cache .*kept: Not a directory; name another folder"),
        kept_images(replace(OPTIONS, cache=tmp_path / "kept"), Console()),
    ):
        pass


@pytest.mark.parametrize("flag", [{"cache_gb": 0.0}, {"readers": 0}, {"readers": 65}], ids=str)
def test_numbers_out_of_range_are_refused(flag: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="give a number"):
        replace(OPTIONS, **flag)  # type: ignore[arg-type]  # of several types
