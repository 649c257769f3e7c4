"""Fetching a data set: from a Hub on loopback, and out of the Hub's cache without any network."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fairfedmed_files import write_oph
from fairvlmed_files import write_lists_of_notes, write_split
from fake_hub import COMMIT, Hub, running_hub

from fairness.datasets.fairfedmed import FairFedMedOph
from fairness.datasets.fairvlmed import FairVLMed
from fairness.datasets.fetch.sources import opened_at
from fairness.errors import DataError

ROOT = Path(__file__).parents[3]
CARD = "harvardairobotics/FairVLMed"
LICENCE = "CC BY-NC-ND 4.0: non-commercial research only"
SPLITS = {"Training": 4, "Validation": 2, "Test": 3}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A data set in the layout of the card: three folders, a table and a table of notes."""
    root, first = tmp_path / "repository", 1
    for folder, count in SPLITS.items():
        write_split(root / folder, count, first)
        first += count
    write_lists_of_notes(root, first - 1)
    return root


@pytest.fixture
def hub(repository: Path) -> Iterator[Hub]:
    with running_hub(repository, CARD) as hub:
        yield hub


def fetch(tmp_path: Path, endpoint: str, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """The exit code, what was printed, and the last line of errors."""
    done = subprocess.run(
        [sys.executable, "-m", "fairness.datasets.fetch", "fairvlmed", *arguments],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HF_HOME": str(tmp_path / "home"),
            "HF_ENDPOINT": endpoint,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            **variables,
        },
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr.strip().rpartition("\n")[2]


def as_the_hub_caches(repository: Path, cache: Path, name: str) -> Path:
    """A copy of a data set as `huggingface_hub` keeps it: links to files named by their hash."""
    folder = cache / f"datasets--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    (folder / "blobs").mkdir()
    for file in (p for p in sorted(repository.rglob("*")) if p.is_file()):
        blob = folder / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copyfile(file, blob)
        link = folder / "snapshots" / COMMIT / file.relative_to(repository)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    return folder


def test_nothing_is_asked_before_the_licence_is_accepted(tmp_path: Path, hub: Hub) -> None:
    code, said, error = fetch(tmp_path, hub.endpoint)
    assert (code, hub.asked) == (2, [])
    assert LICENCE in said
    assert "--accept-licence" in error
    assert not (tmp_path / "data").exists()


def test_what_is_fetched_opens_is_checked_again_and_a_change_is_named(
    tmp_path: Path, hub: Hub, repository: Path
) -> None:
    code, said, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    root = tmp_path / "data" / "fairvlmed"
    assert code == 0, error
    assert "train 4, val 2, test 3 images" in said
    test = FairVLMed(root, "test", text_source="note", index=False)
    assert test.ids == ("data_00007", "data_00008", "data_00009")
    assert test.read(0).text == "a summary of 7"
    # coreutils, and not our own code, says that the hashes are right.
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=root)
    assert checked.returncode == 0
    lines = (root / "SHA256SUMS").read_text().splitlines()
    assert lines[0] == f"# {CARD}, commit {COMMIT}"
    assert len(lines) == 2 + sum(SPLITS.values()) + 2

    hub.asked.clear()
    code, said, _ = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert (code, hub.asked) == (0, [])
    assert "11 files as fetched" in said

    (root / "Test" / "data_00008.npz").write_bytes(b"another")
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert (code, hub.asked) == (3, [])
    assert "not as fetched: Test/data_00008.npz;" in error


def test_a_copy_in_the_cache_is_taken_without_network(tmp_path: Path, repository: Path) -> None:
    cache = as_the_hub_caches(repository, tmp_path / "home" / "hub", "ours/copy")
    offline = {"HF_HUB_OFFLINE": "1"}
    arguments = ("--accept-licence", "--repo", "ours/copy", "--out", "got")
    code, said, error = fetch(tmp_path, "http://127.0.0.1:9", *arguments, **offline)
    assert code == 0, error
    assert "train 4, val 2, test 3 images" in said
    shutil.rmtree(cache)
    assert len(FairVLMed(tmp_path / "got", "train", index=False).ids) == 4
    (tmp_path / "got" / "Test" / "data_00008.npz").unlink()
    code, _, error = fetch(tmp_path, "http://127.0.0.1:9", *arguments, **offline)
    assert code == 3
    assert "not in the Hub's cache, and HF_HUB_OFFLINE is set" in error


def test_sites_are_found_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    for split, first in (("train", 1), ("test", 5)):
        write_oph(tmp_path / "fairfedmed", f"meta_site1_race_{split}", range(first, first + 4))
    folder, found = opened_at(tmp_path)
    assert (folder, found) == (tmp_path / "fairfedmed", {"train": 1, "test": 1})
    assert len(FairFedMedOph(folder, "test", index=False).ids) == 4


def test_archives_that_must_be_unpacked_are_named(tmp_path: Path) -> None:
    (tmp_path / "Training.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"no split that the readers know; unpack Training\.zip"):
        opened_at(tmp_path)


@pytest.mark.further
def test_half_a_copy_of_the_published_data_is_refused(tmp_path: Path, repository: Path) -> None:
    as_the_hub_caches(repository, tmp_path / "home" / "hub", CARD)
    arguments = ("--accept-licence", "--out", "got")
    code, _, error = fetch(tmp_path, "http://127.0.0.1:9", *arguments, HF_HUB_OFFLINE="1")
    assert code == 3
    assert "4 train images, the card says 7000" in error
    assert not (tmp_path / "got" / "SHA256SUMS").exists()


@pytest.mark.further
def test_a_line_that_is_cut_is_said_and_only_the_rest_is_fetched(tmp_path: Path, hub: Hub) -> None:
    hub.breaks_at = "Training/data_00003.npz"
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert code == 3
    assert "broke off" in error
    assert not (tmp_path / "data" / "fairvlmed" / "SHA256SUMS").exists()
    hub.breaks_at = ""
    hub.asked.clear()
    code, said, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert code == 0, error
    assert "11 files, 1 of them to fetch" in said
    assert {path.rpartition("/")[2] for path in hub.asked if "/resolve/" in path} == {
        "data_00003.npz"
    }


@pytest.mark.further
def test_a_refusal_is_one_line(tmp_path: Path, hub: Hub) -> None:
    hub.gated = True
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert code == 3
    assert f"{CARD}: gated: ask for access" in error
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence", "--repo", "no/body")
    assert code == 3
    assert "no/body: no such data set, or you may not see it" in error
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence", "--repo", "a/b/c")
    assert code == 2
    assert "--repo a/b/c: no OWNER/NAME of the Hub" in error
    code, _, error = fetch(tmp_path, "http://127.0.0.1:9", "--accept-licence")
    assert code == 3
    assert f"{CARD}: the Hub cannot be reached" in error


@pytest.mark.further
def test_too_little_space_and_names_outside_the_folder_are_refused_before_a_byte(
    tmp_path: Path, hub: Hub
) -> None:
    hub.claimed = {"Test/data_00007.npz": 10**18}
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert code == 3
    assert "1000000000.0 GB to fetch" in error
    hub.claimed = {"../outside.npz": 3}
    code, _, error = fetch(tmp_path, hub.endpoint, "--accept-licence")
    assert code == 3
    assert "'../outside.npz' would lie outside the folder" in error
    assert [path for path in hub.asked if "/resolve/" in path] == []
