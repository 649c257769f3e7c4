"""`python -m export.answers`: torch's answers to a split, as a reference for the served model."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from audit.records.columns import Columns
from audit.records.predictions import read_predictions
from export.answers import run
from fairness.datasets.fairvlmed import FairVLMed
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe

if TYPE_CHECKING:
    from exported_model import Exported

pytest_plugins = ["exported_model"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("answers") / "data"
    write_fairvlmed(root, Recipe(train=2, val=2, test=20, seed=5))
    return root


def test_the_answers_are_those_of_the_exported_model_by_id(
    exported: "Exported", data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "reference"
    assert run([str(exported.run), "--data", str(data), "--out", str(out)]) == 0
    path = out / "records" / "outcomes.parquet"
    assert str(path) in capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    split = FairVLMed(data, "test")
    session = exported.session()
    served = {
        id_: float(session.run(["probability"], {"image": split.read(i).image[None]})[0][0, 0])
        for i, id_ in enumerate(split.ids)
    }
    rows = pq.read_table(path).to_pydict()
    assert sorted(rows["id"]) == sorted(served)
    apart = [abs(score - served[id_]) for id_, score in zip(rows["id"], rows["score"], strict=True)]
    assert max(apart) < 1e-5
    assert np.ptp(rows["score"]) > 1e-4


def test_an_audit_reads_them_with_labels_groups_and_names(
    exported: "Exported", data: Path, tmp_path: Path
) -> None:
    assert run([str(exported.run), "--data", str(data), "--out", str(tmp_path)]) == 0
    found = read_predictions(tmp_path / "records" / "outcomes.parquet", Columns())
    split = FairVLMed(data, "test")
    assert found.answered.labels is not None
    assert split.labels is not None
    assert found.answered.labels.tolist() == split.labels.tolist()
    assert found.split_sha256 == split.fingerprint()
    assert found.names is not None
    assert found.names.model == "fairclip in torch"
    race = {a.name: a.groups for a in found.answered.cases.attributes}["race"]
    ours = [race[code] for code in found.answered.cases.codes["race"] if code >= 0]
    groups = {a.name: a.groups for a in split.attributes}["race"]
    assert ours == [groups[code] for code in split.codes["race"] if code >= 0]


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--batch-size", "0"], 2, "--batch-size must be at least 1"),
        (["--split", "tset"], 2, "tset"),
        (["--attributes", "charm"], 2, "charm"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    flags: list[str],
    code: int,
    said: str,
    exported: "Exported",
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert run([str(exported.run), "--data", str(data), "--out", str(out), *flags]) == code
    err = capsys.readouterr().err
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not out.exists()
