"""Shards of an audit: each a range of its batches, merged into the very bytes of one run."""

import os
import re
import shutil
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from fair_audit_runs import answered, audit, begun, failure
from merged_runs import check_same_but_for_time_and_place, merge

pytest_plugins = ["audit_fixtures"]

PAGE = ("records/cases.html",)
QUICK = ("--replicates", 100)


@pytest.fixture(scope="module")
def flags(split_root: Path) -> tuple[object, ...]:
    return ("--model", "sound", "--data", split_root)


@pytest.fixture(scope="module")
def shards(
    endpoint: str, flags: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Three complete shards of 90 images in batches of 4."""
    out = tmp_path_factory.mktemp("shards")
    for i in (2, 3, 1):
        assert audit(endpoint, *flags, "--out", out, "--shard", f"{i}/3") == 0
    return out


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """The one line with which a merge is refused."""

    def line_of(code: int, *runs: Path) -> str:
        capsys.readouterr()
        assert merge(*runs, "--out", tmp_path / "refused") == code
        (line,) = capsys.readouterr().err.splitlines()
        assert not (tmp_path / "refused" / "report").exists()
        return str(line)

    return line_of


def test_three_shards_merged_are_byte_for_byte_one_run(
    endpoint: str, flags: tuple[object, ...], shards: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    rule = {"metric": "auc", "min": 0.9999}
    policy.write_text(yaml.safe_dump({"name": "unreachable", "rules": [rule]}))
    judged = (*QUICK, "--intersect", "race*gender", "--policy", policy)
    assert audit(endpoint, *flags, *judged, "--out", tmp_path / "whole") == 1
    assert merge(*shards.glob("shard-*"), "--out", tmp_path / "merged", *judged) == 1
    check_same_but_for_time_and_place(tmp_path / "merged", tmp_path / "whole", *PAGE)
    assert stat.S_IMODE((tmp_path / "merged" / "records").stat().st_mode) == 0o700
    told = (tmp_path / "merged" / "report" / "report.md").read_text()
    assert f"merged from 3 shards: 23 requests to {endpoint}, 0 sent again" in told


def test_a_shard_is_a_part_and_says_so(
    endpoint: str, flags: tuple[object, ...], shards: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    assert (
        audit(
            endpoint, *flags, "--out", tmp_path, "--shard", "auto/3", "--intersect", "race*gender"
        )
        == 0
    )
    out = tmp_path / "shard-2-of-3"
    told = capsys.readouterr().out.replace("\n", " ")
    assert "shard 2/3: 32 of 90 images in 8 batches, a part without report or verdict" in told
    assert "flags of the report are checked here; give them to fair-audit merge again" in told
    assert not (out / "report").exists()
    assert not (out / "records" / "outcomes.parquet").exists()
    files = {file.name for file in (out / "records").iterdir()}
    assert files == {"journal.sqlite", "lock", "shard.json"}
    assert stat.S_IMODE((out / "records" / "shard.json").stat().st_mode) == 0o600
    counts = [answered(s / "records" / "journal.sqlite") for s in sorted(shards.iterdir())]
    assert counts == [28, 32, 30]


def test_missing_doubled_and_foreign_shards_are_refused_by_name(
    endpoint: str, flags: tuple[object, ...], shards: Path, tmp_path: Path,
    refused: Callable[..., str], split_root: Path,
) -> None:  # fmt: skip
    one, two, three = (shards / f"shard-{i}-of-3" for i in (1, 2, 3))
    assert "shard 2/3 is missing; name its folder, too" in refused(2, one, three)
    assert "shard 1/3 is missing (2 are)" in refused(2, three)
    copy = shutil.copytree(two, tmp_path / "copy")
    assert f"{two} and {copy} are both shard 2/3" in refused(2, one, two, copy, three)

    other = ("--model", "not_the_exported_one", "--no-probes", "--data", split_root)
    assert audit(endpoint, *other, "--out", tmp_path / "other", "--shard", "2/3") == 0
    strange = tmp_path / "other" / "shard-2-of-3"
    line = refused(2, one, strange, three)
    assert re.search(rf"{strange} is foreign to .*: its model is not_the_exported_one", line)
    assert audit(endpoint, *flags, "--out", tmp_path / "of", "--shard", "2/2") == 0
    line = refused(2, one, two, three, tmp_path / "of" / "shard-2-of-2")
    assert "shard-2-of-2 is foreign to" in line
    assert "its number of shards is 2, there it is 3" in line
    assert "no shard; name folders that fair-audit --shard wrote" in refused(2, tmp_path)
    assert "no such folder" in refused(2, tmp_path / "nowhere")


def test_answers_that_changed_and_files_that_are_damaged_are_refused(
    shards: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    one, two, three = (shards / f"shard-{i}-of-3" for i in (1, 2, 3))
    bad = shutil.copytree(two, tmp_path / "bad")
    file, journal = bad / "records" / "shard.json", bad / "records" / "journal.sqlite"
    said = file.read_text()
    for text, message in (
        ("{", "audit the shard anew"),
        (said.replace('"format": 1', '"format": 2'), "not of this version: format"),
        (said.replace('"number": 2', '"number": 1'), "contradicts itself about its number"),
        (said.replace('"metadata": {', '"metadata": {"odd": 1, '), "not what a server says"),
        (said.replace('"skipped": []', '"skipped": [["x", "y"]]'), "'x' is none of its samples"),
    ):
        assert text != said
        file.write_text(text)
        assert message in refused(3, one, bad, three), text
    file.write_text(said)
    shutil.copy(one / "records" / "journal.sqlite", journal)
    assert "its shard was 1/3, now it is 2/3" in refused(2, one, bad, three)
    journal.unlink()
    assert "journal.sqlite: no such file" in refused(3, one, bad, three)


@pytest.mark.further
def test_a_killed_shard_is_resumed(
    endpoint: str, flags: tuple[object, ...], shards: Path, tmp_path: Path,
    refused: Callable[..., str], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    of_two = (*flags, "--out", tmp_path, "--shard", "2/3")
    two = tmp_path / "shard-2-of-3"
    process = begun(endpoint, *of_two, "--in-flight", 1, "--batch", 4)
    while answered(two / "records" / "journal.sqlite") == 0:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < answered(two / "records" / "journal.sqlite") < 32
    others = [shards / "shard-1-of-3", shards / "shard-3-of-3"]
    assert f"{two}: not complete; go on with its command and --resume" in refused(2, two, *others)
    whole = failure(capsys, 2, endpoint, *flags, "--out", two, "--resume")
    assert "its shard was 2/3, now it has none" in whole
    assert audit(endpoint, *of_two, "--resume") == 0
    assert merge(two, *others, "--out", tmp_path / "merged", *QUICK) == 0
    # What was merged is a run like any other; a folder may stand for the shards in it.
    resumed = ("--out", tmp_path / "merged", "--resume", *QUICK)
    assert audit(endpoint, *flags, *resumed) == 0
    assert merge(*others, two, *resumed) == 0
    assert merge(shards, "--out", tmp_path / "undisturbed", *QUICK) == 0
    check_same_but_for_time_and_place(tmp_path / "merged", tmp_path / "undisturbed")
