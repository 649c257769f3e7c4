"""What lies in the repository after each move, as a server that polls it would see it."""

import os
from pathlib import Path

import pytest

from export.repository import next_version, publish, require_name, require_writable
from fairness.errors import DataError, UsageError


def config(version: int) -> str:
    return f"config of {version}"


def files(repository: Path) -> dict[str, str]:
    """Every file by its path within the repository, with its content."""
    return {
        str(path.relative_to(repository)): path.read_text()
        for path in sorted(repository.rglob("*"))
        if path.is_file()
    }


def test_first_and_next_version(tmp_path: Path) -> None:
    repository = tmp_path / "made" / "models"
    assert publish(repository, "clip", b"one", config) == (repository / "clip", 1)
    assert files(repository) == {"clip/1/model.onnx": "one", "clip/config.pbtxt": "config of 1"}
    assert publish(repository, "clip", b"two", config) == (repository / "clip", 2)
    assert files(repository) == {
        "clip/1/model.onnx": "one",
        "clip/2/model.onnx": "two",
        "clip/config.pbtxt": "config of 2",
    }
    assert publish(repository, "other", b"three", config)[1] == 1


def test_versions_count_on_from_the_highest_number(tmp_path: Path) -> None:
    for name in ("1", "3", "10", ".11-99", "backup", "2old"):
        (tmp_path / name).mkdir()
    assert next_version(tmp_path) == 11
    assert next_version(tmp_path / "absent") == 1


@pytest.mark.parametrize("versions_before", [0, 1])
def test_no_moment_shows_a_half_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, versions_before: int
) -> None:
    """After every single move: a numbered version is whole, and described or not asked for."""
    for _ in range(versions_before):
        publish(tmp_path, "clip", b"old", config)
    seen = []
    move = Path.replace

    def observed(self: Path, target: Path) -> Path:
        result = move(self, target)
        folder = tmp_path / "clip"
        text = (folder / "config.pbtxt").read_text() if (folder / "config.pbtxt").exists() else ""
        versions = {p.name for p in folder.iterdir() if p.name.isdecimal()}
        assert all((folder / v / "model.onnx").is_file() for v in versions)
        assert text or not versions  # never a version that the server would guess about
        seen.append((text[-1:], "".join(sorted(versions))))
        return result

    monkeypatch.setattr(Path, "replace", observed)
    publish(tmp_path, "clip", b"new", config)
    # The version a configuration names is absent only where nothing was served before.
    assert (
        seen
        == [[("", ""), ("1", ""), ("1", "1")], [("1", "1"), ("1", "12"), ("2", "12")]][
            versions_before
        ]
    )


def test_nothing_but_models_lies_in_the_repository_while_it_is_written(tmp_path: Path) -> None:
    # Triton takes every folder for a model and fails to start on one without a configuration.
    def looking(version: int) -> str:
        assert [p for p in tmp_path.iterdir() if p.is_dir()] == []
        return config(version)

    publish(tmp_path, "clip", b"one", looking)


def test_a_failure_leaves_the_repository_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path, "clip", b"one", config)
    before = files(tmp_path)

    def refuse(version: int) -> str:
        raise DataError(f"no {version}")

    with pytest.raises(DataError, match="no 2"):
        publish(tmp_path, "clip", b"two", refuse)
    assert files(tmp_path) == before


def test_other_users_may_read_what_was_written(tmp_path: Path) -> None:
    # The server in a container is another user.
    old = os.umask(0o022)
    try:
        folder, version = publish(tmp_path / "models", "clip", b"one", config)
    finally:
        os.umask(old)
    assert (folder / str(version)).stat().st_mode & 0o777 == 0o755
    assert (folder / str(version) / "model.onnx").stat().st_mode & 0o777 == 0o644
    assert (folder / "config.pbtxt").stat().st_mode & 0o777 == 0o644


def test_a_file_in_the_way_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(DataError, match="models"):
        publish(tmp_path / "models", "clip", b"one", config)
    with pytest.raises(DataError, match="--repository"):
        require_writable(tmp_path / "models" / "deeper")
    require_writable(tmp_path / "not" / "yet" / "there")


def test_a_repository_without_permission_is_a_data_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asked of the system, and not by changing permissions, which do not bind root.
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(DataError, match="not a writable folder"):
        require_writable(tmp_path / "models")


@pytest.mark.parametrize("name", ["fairclip", "fair-clip_2.1", "9"])
def test_good_names(name: str) -> None:
    require_name(name)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "a b", "é", "x" * 129, "a\n"])
def test_bad_names(name: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        require_name(name)
