"""`fair-audit history`: runs added once, whole and in order; which are counted; what is hidden."""

import csv
import multiprocessing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from made_runs import first_run, made_run, noisy

from audit.cli import run
from audit.monitoring.history import read_history
from audit.monitoring.run import Run


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return first_run(tmp_path_factory.mktemp("first"))


def runs_of(folder: Path) -> list[Run]:
    return read_history(folder).runs()


def lines_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "trend.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def history(folder: Path, *words: object) -> int:
    return run(["history", str(folder), *map(str, words)])


def test_a_drop_is_found_after_it_began_and_small_groups_stay_hidden(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [
        made_run(first, tmp_path / f"r{day}", day, noisy(day, 0.2 if day > 12 else 0.0))
        for day in range(1, 19)
    ]
    out = tmp_path / "history"
    assert history(out, *reversed(folders)) == 0
    said = capsys.readouterr().out
    assert "change: race, Black, auc fell from" in said
    assert "probably since the run of 2026-11-13 02:00" in said
    assert [one.folder for one in runs_of(out)] == [str(folder.resolve()) for folder in folders]
    assert all(one.counted and one.seen_before == 0 for one in runs_of(out))
    lines = lines_of(out)
    asian = [line for line in lines if line["group"] == "Asian"]
    assert {(line["value"], line["n"], line["hidden"]) for line in asian} == {("", "", "1")}
    assert len(asian) == 18 * len({line["metric"] for line in asian})
    found = [line for line in lines if line["change"]]
    assert {line["group"] for line in found if not line["against"]} == {"Black"}
    assert all(line["since"].startswith("2026-11-13") for line in found)
    page = (out / "trend.html").read_text()
    assert "hidden in 18 runs" in page
    assert 'class="alarm"' in page
    stored = pq.read_table(out / "history.parquet").to_pylist()
    assert {row["value"] for row in stored if row["group"] == "Asian"} == {None}
    assert {row["suppressed"] for row in stored if row["group"] == "Asian"} == {"few people"}


def test_what_a_history_counts(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def retrained(document: dict[str, Any]) -> None:
        document["provenance"]["model"] |= {"version": "2", "model_sha256": "b" * 64}
        document["provenance"]["data"]["split_sha256"] = split

    def same(document: dict[str, Any]) -> None:
        document["provenance"]["data"]["split_sha256"] = split

    one = made_run(first, tmp_path / "one", 1)
    split = pq_split(one)
    again = made_run(first, tmp_path / "again", 2, same, new=0)
    other = made_run(first, tmp_path / "other", 3, retrained, new=0)
    two = made_run(first, tmp_path / "two", 4, new=280)  # a few came again
    three = made_run(first, tmp_path / "three", 5, new=150)
    half = made_run(three, tmp_path / "half", 6, new=200)  # 50 of `three` again
    apart = made_run(first, tmp_path / "apart", 7)
    (apart / "records" / "outcomes.parquet").unlink()
    out = tmp_path / "history"
    assert history(out, one, again, other, two, three, half, apart) == 0
    runs = runs_of(out)
    said = [one.not_counted for one in runs]
    assert [one.counted for one in runs] == [True, False, False, True, True, False, True]
    assert said[1] == "same split, same model: nothing new"
    assert f"same split as {again.resolve()}, another model" in (said[2] or "")
    assert runs[3].seen_before == 0.0  # the 20 are those of `first`, which is in no history
    assert "33 % of its people are in earlier runs" in (said[5] or "")
    assert runs[6].seen_before is None
    assert "Keep this page where the data are" in (out / "trend.html").read_text()
    capsys.readouterr()
    before = (out / "history.parquet").read_bytes()
    assert history(out, two) == 0  # the same run twice is added once
    assert f"{two.resolve()}: in the history already" in capsys.readouterr().out
    assert (out / "history.parquet").read_bytes() == before


def pq_split(folder: Path) -> str:
    from audit.monitoring.run import read_run

    return str(read_run(folder, folder).run.split_sha256)


def add(out: str, folder: str) -> None:
    raise SystemExit(run(["history", out, folder]))


def test_two_jobs_that_add_at_once_lose_nothing(first: Path, tmp_path: Path) -> None:
    folders = [made_run(first, tmp_path / f"r{day}", day) for day in range(1, 5)]
    out = tmp_path / "history"
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=add, args=(str(out), str(folder))) for folder in folders]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0] * 4
    assert len(runs_of(out)) == 4


def test_a_job_that_is_killed_loses_nothing(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "history"
    assert history(out, made_run(first, tmp_path / "one", 1)) == 0
    before = (out / "history.parquet").read_bytes()

    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)  # the last step before the new file is there
        two = made_run(first, tmp_path / "two", 2)
        assert history(out, two) == 130
    assert (out / "history.parquet").read_bytes() == before
    assert history(out, two) == 0
    assert len(runs_of(out)) == 2


def test_what_is_refused(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def partial(document: dict[str, Any]) -> None:
        document["provenance"]["data"]["partial"] = {"answered": 3, "of": 9}

    out = tmp_path / "history"
    good = made_run(first, tmp_path / "good", 1)
    assert history(out, good, made_run(first, tmp_path / "part", 2, partial)) == 2
    assert "its report is partial" in capsys.readouterr().err
    assert history(out) == 2
    assert "name runs to add" in capsys.readouterr().err
    assert history(out, tmp_path / "nowhere") == 3
    assert not (out / "history.parquet").exists()  # nothing of these was added
    assert history(out, good) == 0
    assert history(out, "--numbers", "auk") == 2
    assert "--numbers auk: no run shows it (there are: auc" in capsys.readouterr().err
    assert history(out, "--metrics-file", tmp_path / "x.txt") == 2
    for content in (b"PAR1 none", b"", (good / "records" / "outcomes.parquet").read_bytes()):
        (out / "history.parquet").write_bytes(content)
        assert history(out, made_run(first, tmp_path / f"r{len(content)}", 3)) == 3
        assert "move it away to begin anew, or restore it" in capsys.readouterr().err
        assert (out / "history.parquet").read_bytes() == content
