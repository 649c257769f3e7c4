"""A training command ends in one line, whatever happens, and so do the export and its files."""

from pathlib import Path

import pytest

from export import __main__ as export
from training.blip2 import __main__ as blip2
from training.fairclip import __main__ as fairclip
from training.fairlora import __main__ as fairlora
from training.fairseg import __main__ as fairseg
from training.runlog import LOG, RunLog, log_to_terminal

METHODS = (fairclip, fairseg, fairlora, blip2)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize("method", METHODS, ids=lambda module: module.__name__)
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (RuntimeError("CUDA error:\ndevice-side assert"), 3, "unexpected RuntimeError at"),
        (OSError(28, "No space left on device"), 3, "No space left on device; free some space"),
        (KeyboardInterrupt(), 130, "interrupted; the same command with --resume goes on"),
    ],
    ids=["surprise", "full disk", "ctrl-c"],
)
def test_training_ends_in_one_line(
    method: object,
    error: BaseException,
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(*_: object) -> None:
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(method, "start", start)
    assert method.run([]) == code  # type: ignore[attr-defined]  # a module of METHODS
    assert said(capsys).startswith(f"training: {message}")


def test_an_out_that_is_a_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "data").mkdir()
    assert fairclip.run(["--out", "file/run", "--data", "data"]) in (2, 3)
    assert "file" in said(capsys)


@pytest.mark.parametrize("error", [RecursionError("x"), MemoryError(), PermissionError(13, "no")])
def test_the_export_ends_in_one_line(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(export, "export", fail)
    assert export.run([]) == 3
    assert said(capsys).startswith("export: ")


def test_no_message_moves_the_cursor_or_fakes_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_terminal()
    with RunLog(tmp_path, first_step=0):
        LOG.warning("site \x1b[2J%s: lost", "a\nINFO all is well")
    line = (tmp_path / "train.log").read_text()
    assert line.endswith(" WARNING site  [2Ja INFO all is well: lost\n")
    assert line.count("\n") == 1
    assert "\x1b" not in capsys.readouterr().err
