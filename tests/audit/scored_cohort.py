"""A csv file of 600 patients, for the tests of `fair-audit report`."""

from pathlib import Path

import pytest
from scored_files import cohort, write_csv


@pytest.fixture(scope="session")
def columns() -> dict[str, list[object]]:
    return cohort()


@pytest.fixture(scope="session")
def source(columns: dict[str, list[object]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("scores") / "scores.csv", columns)
