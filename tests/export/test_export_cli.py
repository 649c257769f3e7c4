"""The command line: mistakes are one line with an exit code, and the newest run is the default."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from export.__main__ import find_checkpoint, run


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["absent"], 3, "absent: no such folder"),
        (["empty"], 3, "empty: holds no best/checkpoint.json"),
        (["broken"], 3, "broken"),
        (["empty", "--name", "a/b"], 2, "--name 'a/b' cannot name a model"),
        (["empty", "--threads", "0"], 2, "--threads must be at least 1"),
        (["empty", "--repository", "file/models"], 3, "file/models: cannot be written to"),
        ([], 3, "no run with a checkpoint under runs/"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken" / "best").mkdir(parents=True)
    (tmp_path / "broken" / "best" / "checkpoint.json").write_text("{")
    (tmp_path / "file").write_text("")
    assert run(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("export: ")
    assert words in error
    assert error.count("\n") == 1
    assert not (tmp_path / "model_repository").exists()


def test_the_newest_run_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(["fairclip/b", "fairclip/a", "other/c"]):
        file = tmp_path / "runs" / name / "best" / "checkpoint.json"
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        seconds = 1_700_000_000 + (10 if name == "fairclip/a" else age)
        os.utime(file, (seconds, seconds))
    assert find_checkpoint(None) == Path("runs/fairclip/a/best")
    assert find_checkpoint(Path("runs/other/c")) == Path("runs/other/c/best")


def test_onnx_runtime_is_told_to_keep_models_to_itself() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    code = "import os, export.parity; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"
