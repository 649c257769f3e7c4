"""FairSeg with glaucoma and scanner as the groups: the report names them as the files do."""

import json
from pathlib import Path

import numpy as np
import pytest
from fair_audit_runs import audit, failure
from served_masks import SIZE

from fairness.synthetic.fairseg import SegRecipe, write_fairseg

pytest_plugins = ["audit_fixtures"]

POLICY = """name: p
rules:
  - {metric: disc_dice, attribute: glaucoma, min: 0}
  - {metric: rim_dice, attribute: scanner, min: 0}
"""


@pytest.fixture
def eyes(tmp_path: Path) -> Path:
    """A synthetic data set to which two keys were added."""
    root = tmp_path / "fairseg"
    write_fairseg(root, SegRecipe(train=2, val=2, test=24, seed=3, size=SIZE))
    for number, path in enumerate(sorted(root.rglob("*.npz"))):
        with np.load(path) as stored:
            keys = dict(stored)
        np.savez(path, **keys, glaucoma=number % 2, scanner=("Heidelberg", "Optos")[number // 14])
    return root


def test_any_key_is_a_group_of_report_and_policy(
    endpoint: str, eyes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, out = tmp_path / "policy.yaml", tmp_path / "run"
    policy.write_text(POLICY)
    flags = ("--model", "masks", "--data", eyes, "--replicates", 100, "--suppress-below", 2)
    names = ("--attributes", "scanner,glaucoma", "--intersect", "scanner*glaucoma")
    code = audit(endpoint, *flags, *names, "--policy", policy, "--out", out)
    assert code == 0
    report = json.loads((out / "report" / "report.json").read_text())
    groups = {(row["attribute"], row["group"]) for row in report["rows"]}
    assert {a for a, _ in groups} == {"overall", "scanner", "glaucoma", "scanner*glaucoma"}
    assert {g for a, g in groups if a == "glaucoma"} >= {"0", "1"}
    assert {g for a, g in groups if a == "scanner"} >= {"Heidelberg", "Optos"}
    assert not {"Female", "Male"} & {g for _, g in groups}
    capsys.readouterr()
    wrong = failure(capsys, 2, endpoint, *flags, "--attributes", "shoe", "--out", tmp_path / "b")
    assert "no attribute 'shoe' (it has: race, gender, " in wrong
    assert "glaucoma, " in wrong
