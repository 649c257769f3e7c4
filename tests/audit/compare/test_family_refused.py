from pathlib import Path

import pytest

from audit.compare.judged import change_policy
from audit.compare.runs import Run
from audit.options import AnalysisOptions
from fairness.errors import UsageError


def test_a_family_of_changes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    rule = "{metric: auc, change: true, min: -0.1}"
    path.write_text(f"name: p\nfamily: holm\nrules:\n  - {rule}\n")
    nothing = object.__new__(Run)
    with pytest.raises(UsageError, match="judges every change alone"):
        change_policy(path, nothing, AnalysisOptions())
