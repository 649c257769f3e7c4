"""The command of FairSeg: a whole run, mistakes and unusable images."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_seg_run import rewrite, write_small_data

from training.fairseg.__main__ import run
from training.fairseg.validation import keep_best
from training.resume import Progress


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


def change_image(root: Path, number: int, fault: str) -> None:
    """Make one image of the training (2) or validation split (18) unusable."""
    file = root / f"data_{number:05d}.npz"
    with np.load(file) as arrays:
        image, mask = arrays["slo_fundus"], arrays["disc_cup_mask"]
    if fault == "mask-less":
        rewrite(file, disc_cup_mask=None)
    elif fault == "float":
        rewrite(file, slo_fundus=image / 255)
    elif fault == "too small":
        rewrite(file, slo_fundus=image[:30, :30], disc_cup_mask=mask[:30, :30])
    else:
        rewrite(file, slo_fundus=image[:, :90], disc_cup_mask=mask[:, :90])


@pytest.mark.parametrize("number", [2, 18])
@pytest.mark.parametrize("fault", ["mask-less", "float", "too small", "non-square, other size"])
def test_an_unusable_image_is_one_line_or_left_out(
    fault: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    root = write_small_data(tmp_path)
    change_image(root, number, fault)
    scored: list[int] = []
    monkeypatch.setattr("training.fairseg.train.take_step", lambda *_: {"loss/total": 0.0})

    def counting(*arguments: Any) -> tuple[Progress, dict[str, float]]:
        scored.append(sum(map(len, arguments[3]())))
        return keep_best(*arguments)

    monkeypatch.setattr("training.fairseg.train.keep_best", counting)
    flags = ["--preset", "tiny", "--epochs", "1", "--crop", "64", "--data", str(root)]
    assert run([*flags, "--out", str(tmp_path / "run")]) == 3
    lines = [x for x in capsys.readouterr().err.splitlines() if x.startswith("training: ")]
    assert len(lines) == 1
    assert f"data_{number:05d}" in lines[0]
    assert run([*flags, "--on-error", "skip", "--out", str(tmp_path / "skipped")]) == 0
    assert scored == [6 - (number == 18)]


def test_the_command_trains_and_says_what_comes_next(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--preset", "tiny", "--epochs", "1", "--crop", "64", "--data", str(data)]
    assert run([*flags, "--model", "transunet-r50", "--out", str(tmp_path / "run")]) == 0
    assert f"next: python -m export {tmp_path / 'run'}" in capsys.readouterr().err
    document = json.loads((tmp_path / "run" / "best" / "checkpoint.json").read_text())
    assert document["record"]["model"] == "transunet-r50"
    assert document["architecture"]["backbone"] == "r50"


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--data", "nowhere"], 3, "nowhere"),
        (["--attribute", "rase"], 2, "no attribute 'rase'"),
        (["--weights", "nowhere.npz"], 3, "nowhere.npz: no such file"),
        (["--crop", "97"], 3, "96 x 112 is smaller than the crop of 97"),
        (["--model", "unet"], 2, "unet"),
    ],
)
def test_mistakes_end_in_one_line_and_a_code(
    flags: list[str], code: int, message: str, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    asked = ["--preset", "tiny", "--out", str(tmp_path / "run")]
    if "--data" not in flags:
        asked += ["--data", str(data)]
    assert run([*asked, *flags]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("training: ")
    assert message in last
