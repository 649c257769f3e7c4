"""Shards of other kinds of model and data: files left out, masks kept, described models."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from fair_audit_runs import audit
from merged_runs import check_same_but_for_time_and_place, merge
from PIL import Image as Picture

from fairness.datasets.fairseg import FairSeg

pytest_plugins = ["audit_fixtures"]
pytestmark = pytest.mark.further

QUICK = ("--replicates", 100, "--suppress-below", 2)
BESIDE = """task: classification
target: finding
threshold: 0.5
input: {name: x, layout: NCHW, size: [24, 28], resize: squash, filter: box, normalise: unit}
inputs:
  age: {column: age, subtract: 50, divide_by: 20, unknown: 0.25, dtype: fp32}
  sex: {column: sex, codes: {Female: 0, Male: 1}, unknown: -1}
  tokens: {column: words, pad: 0}
  bias: {constant: [0.5, -0.25], shape: [2, 1]}
output: {name: y, holds: logit}
"""


def check_merged(endpoint: str, tmp_path: Path, *flags: object, further: tuple[str, ...]) -> None:
    """Audit whole, and in three shards, and compare."""
    assert audit(endpoint, *flags, *QUICK, "--out", tmp_path / "whole") == 0
    for i in (1, 2, 3):
        assert audit(endpoint, *flags, "--out", tmp_path / "parts", "--shard", f"{i}/3") == 0
    assert merge(tmp_path / "parts", "--out", tmp_path / "merged", *QUICK) == 0
    check_same_but_for_time_and_place(tmp_path / "merged", tmp_path / "whole", *further)


def test_files_that_are_left_out_are_left_out_of_the_whole(
    endpoint: str, split_root: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(split_root, tmp_path / "data")
    files = sorted((data / "Test").glob("*.npz"))
    for k in (5, 40, 41, 89):
        content = bytearray(files[k].read_bytes())
        content[len(content) // 2] ^= 255  # its headers are whole, its checksum is wrong
        files[k].write_bytes(content)
    flags = ("--model", "sound", "--data", data, "--on-error", "skip")
    check_merged(endpoint, tmp_path, *flags, further=("records/cases.html",))
    lines = (tmp_path / "merged" / "records" / "skipped.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [files[k].stem for k in (5, 40, 41, 89)]


def test_masks_that_shards_keep_are_those_of_the_whole(
    endpoint: str, masks_root: Path, tmp_path: Path
) -> None:
    flags = ("--model", "masks", "--data", masks_root, "--keep-masks")
    kept = tuple(f"records/masks/{id_}.png" for id_ in FairSeg(masks_root, "test").ids)
    assert len(kept) == 80
    check_merged(endpoint, tmp_path, *flags, further=kept)


def test_a_described_model_with_inputs_of_its_own_is_merged_without_its_server(
    endpoint: str, tmp_path: Path
) -> None:
    lines = ["file,finding,site,age,sex,words"]
    for i in range(24):
        Picture.fromarray(np.full((30, 30), 10 * i, np.uint8)).save(tmp_path / f"{i:02}.png")
        lines.append(f"{i:02}.png,{i % 2},{'AB'[i // 12]},{40 + i},{['F', 'Male'][i % 2]},{i} 2")
    (tmp_path / "people.csv").write_text("\n".join(lines))
    (tmp_path / "model.yaml").write_text(BESIDE)
    model = ("--model", "foreign_beside", "--spec", tmp_path / "model.yaml")
    data = ("--data", tmp_path / "people.csv", "--attributes", "site", "--map", "sex:F=Female")
    check_merged(endpoint, tmp_path, *model, *data, further=())
