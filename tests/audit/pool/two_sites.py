"""Fixture: the files of two sites, and both pooled."""

from pathlib import Path

import pytest
from pooled_sites import write_site

from audit.cli import run


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with north.json and south.json, their runs, and both pooled."""
    made = tmp_path_factory.mktemp("sites")
    files = [str(write_site(made, name, seed)) for name, seed in (("north", 1), ("south", 2))]
    assert run(["pool", *files, "--out", str(made / "pooled")]) == 0
    return made
