"""Data and settings that FairCLIP cannot use: each ends the command in one line that names it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from small_run import write_small_data

from fairness.arrays import Array
from training.fairclip.__main__ import run

FIRST = "Training/data_00001.npz"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


def changed(root: Path, change: Callable[[dict[str, Array]], object]) -> None:
    """Change the arrays of the first training file."""
    with np.load(root / FIRST) as arrays:
        content = dict(arrays)
    change(content)
    np.savez(root / FIRST, **content)


def without_notes(root: Path) -> None:
    for table in root.glob("*.csv"):
        table.unlink()
    changed(root, lambda a: [a.pop(key) for key in list(a) if key.startswith("note")])


def without_one_note(root: Path) -> None:
    changed(root, lambda a: a)
    table = root / "gpt-4_summarized_notes.csv"
    table.write_text("File Name,Original Note,Summarized Note\ndata_00002.npz,a,b\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda root: changed(root, lambda a: a.update(slo_fundus=a["slo_fundus"] / 255)),
            f"{FIRST}: 'slo_fundus' holds float64, expected 0..255; multiply by 255",
        ),
        (
            lambda root: changed(root, lambda a: a.update(slo_fundus=a["slo_fundus"] // 128)),
            f"{FIRST}: 'slo_fundus' has values 0..1, expected 0..255; multiply by 255",
        ),
        (
            lambda root: changed(root, lambda a: a.pop("slo_fundus")),
            f"{FIRST}: no array 'slo_fundus'; it holds",
        ),
        (
            lambda root: changed(root, lambda a: a.pop("glaucoma")),
            f"{FIRST}: no array 'glaucoma'; it holds",
        ),
        (without_notes, f"{FIRST}: its note is missing or empty (its key 'note')"),
        (without_one_note, f"{FIRST}: its note is missing or empty"),
    ],
    ids=["floats", "ones", "no image", "no label", "no notes", "one note less"],
)
def test_unusable_data_are_named(
    change: Callable[[Path], None],
    message: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "fairvlmed"
    shutil.copytree(data, root)
    change(root)
    flags = ["--preset", "tiny", "--data", str(root), "--out", str(tmp_path / "run")]
    assert run(flags) == 3
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run" / "best").exists()


def test_weights_with_a_wrong_key_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "clip.safetensors"
    safetensors.torch.save_file({"visual.conv2.weight": torch.zeros(1)}, weights)
    flags = ["--preset", "tiny", "--data", str(data), "--weights", str(weights)]
    assert run([*flags, "--out", str(tmp_path / "run")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"{weights} lacks " in last


def test_a_wrong_key_of_the_settings_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("presets:\n  tiny:\n    fair_lamda: 1\n")
    assert run(["--preset", "tiny", "--config", str(tmp_path / "mine.yaml")]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "unknown setting 'fair_lamda'; did you mean fair_lambda?" in last


def test_an_absent_group_is_left_out_with_a_warning(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    flags = ["--preset", "tiny", "--epochs", "1", "--batch-size", "24", "--data", str(data)]
    assert run([*flags, "--out", str(out)]) == 0
    warning = "no training sample has race Asian: left out"  # 22 White and 2 Black patients
    assert f"warning: {warning}" in capsys.readouterr().err
    assert f"WARNING {warning}" in (out / "train.log").read_text()
