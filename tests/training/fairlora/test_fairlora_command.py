"""The command of FairLoRA: a whole run in one process, and mistakes."""

import json
from pathlib import Path

import pytest
from small_federation import write_hospitals

from fairness.datasets.fairfedmed_chest import FairFedMedChest
from training.fairlora.__main__ import run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hospitals(tmp_path_factory.mktemp("data"))


def test_the_command_trains_in_process_and_says_what_comes_next(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [
        *("--preset", "tiny", "--engine", "in-process", "--dataset", "fairfedmed-chest"),
        *("--data", str(root), "--attribute", "gender", "--rounds", "1", "--squash", "24"),
    ]
    out = tmp_path / "run"
    assert run([*flags, "--out", str(out)]) == 0
    assert f"next: python -m export {out}" in capsys.readouterr().err
    record = json.loads((out / "best" / "checkpoint.json").read_text())["record"]
    assert (
        record["threshold"]["split_sha256"]
        == FairFedMedChest(root, "val", attribute="gender", shape=(24, 24)).fingerprint()
    )
    assert "sent" in (out / "train.log").read_text()


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--data", "nowhere"], 3, "nowhere"),
        (["--method", "local"], 2, "name it with --sites"),
        (["--sites", "mayo"], 2, "no site 'mayo'"),
        (["--attribute", "rase"], 3, "no meta_*_rase_*.csv"),
        (["--rank", "3"], 2, "rank 3"),
    ],
)
def test_mistakes_end_in_one_line_and_a_code(
    flags: list[str], code: int, message: str, root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    common = ["--engine", "in-process", "--dataset", "fairfedmed-chest", "--preset", "tiny"]
    data = [] if "--data" in flags else ["--data", str(root)]
    assert run([*common, *data, "--out", str(tmp_path / "run"), *flags]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last
