"""Defaults, then YAML, then flags; typos are errors; where a run's folder is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from fairness.errors import UsageError
from training import settings
from training.fairclip.config import Config
from training.settings import Command, keep, parse, read


@dataclass(frozen=True, kw_only=True)
class Small:
    """Settings of a method that does not exist."""

    preset: Literal["auto", "one", "two"] = "auto"
    """Which."""
    lr: Annotated[float, Field(gt=0)] = 0.1
    """Rate."""
    steps: int = 5
    """Count."""


@pytest.fixture(autouse=True)
def method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to run in, and the YAML of the method."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "CONFIGS", tmp_path)
    text = "steps: 7\npresets:\n  one: {lr: 1e-3}\n  two: {lr: 0.2, steps: 9}\n"
    (tmp_path / "method.yaml").write_text(text)


def call(*arguments: str) -> tuple[Small, Path, bool]:
    return parse(Command[Small], Small, list(arguments), "method", "one", "Help.")


def test_the_file_overrides_defaults_and_its_preset_the_file() -> None:
    # PyYAML takes 1e-3 for a text; it is a number all the same.
    assert call()[0] == Small(preset="one", lr=1e-3, steps=7)
    assert call("--preset", "two")[0] == Small(preset="two", lr=0.2, steps=9)


def test_flags_override_the_file() -> None:
    assert call("--lr", "0.5", "--preset=two")[0] == Small(preset="two", lr=0.5, steps=9)


def test_auto_takes_the_preset_of_this_machine() -> None:
    assert call("--preset", "auto")[0] == call()[0]


def test_another_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("preset: two\nlr: 3.0\n")
    assert call("--config", "mine.yaml")[0] == Small(preset="two", lr=3.0)


def test_an_empty_file_leaves_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    assert read(Small, tmp_path / "empty.yaml", None, "one") == Small(preset="one")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepz: 3", "bad.yaml: unknown setting 'stepz'; did you mean steps?"),
        ("presets: {one: {momentum: 3}}", "unknown setting 'momentum'; known are: preset, lr"),
        ("lr: fast", "bad.yaml: lr = 'fast': Input should be a valid number"),
        ("lr: -1", "bad.yaml: lr = -1: Input should be greater than 0"),
        ("preset: three", "bad.yaml: preset = 'three': Input should be"),
        ("- lr", "bad.yaml: expected 'setting: value' lines, found"),
        ("lr: [", "bad.yaml: no YAML"),
        ("preset: [1]", "bad.yaml: preset = [1]: Input should be"),
        ("lr: 1\nlr: 2", "bad.yaml: no YAML: 'lr' is there twice"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        call("--config", "bad.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UsageError, match="absent.yaml"):
        call("--config", "absent.yaml")


def test_an_impossible_flag_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="lr = -1.0: Input should be greater than 0"):
        call("--lr", "-1")


def test_an_unknown_flag_ends_with_the_code_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        call("--lrr", "1")
    assert caught.value.code == 2
    assert "--lrr" in capsys.readouterr().err


def test_a_run_has_a_folder_of_its_own_under_its_method() -> None:
    folder = call()[1]
    assert folder.parent == Path("runs/method")
    assert call("--out", "elsewhere")[1] == Path("elsewhere")


def test_resume_takes_the_newest_run_and_its_settings() -> None:
    keep(Small(preset="two", lr=0.3), Path("runs/method/20260101-000000"))
    keep(Small(preset="two", lr=0.4), Path("runs/method/20260102-000000"))
    assert call("--resume") == (
        Small(preset="two", lr=0.4),
        Path("runs/method/20260102-000000"),
        True,
    )
    assert call("--resume", "--steps", "8")[0] == Small(preset="two", lr=0.4, steps=8)


def test_resume_without_a_run_starts_one() -> None:
    values, folder, resume = call("--resume", "--out", "new")
    assert (values, folder, resume) == (call()[0], Path("new"), True)


def test_a_folder_with_a_run_is_not_overwritten() -> None:
    keep(Small(), Path("mine"))
    with pytest.raises(UsageError, match="mine already holds a run: add --resume"):
        call("--out", "mine")


def test_the_shipped_file_gives_the_published_recipe() -> None:
    shipped = Path(settings.__file__).parent / "configs" / "fairclip.yaml"
    published = read(Config, shipped, "vit-b16", "tiny")
    # Luo et al., CVPR 2024: the dataclass holds the same recipe.
    assert published == Config(preset="vit-b16", weights="openai/clip-vit-base-patch16")
