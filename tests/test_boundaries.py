"""Who may import whom, checked on the source; and proof that the check can fail."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("fairness", "training", "export", "serving", "audit")
ALLOWED = {
    "fairness": {"fairness"},
    "training": {"training", "fairness"},
    "export": {"export", "training", "fairness"},
    "serving": {"serving"},
    "audit": {"audit", "fairness"},
}
HEAVY = {"torch", "onnx", "onnxruntime", "transformers"}
FORBIDDEN = {
    "fairness": HEAVY | {"tritonclient", "rich", "pandas"},
    "training": {"onnx", "onnxruntime", "tritonclient"},
    "export": set(),
    "serving": {"torch", "onnx", "transformers"},
    "audit": HEAVY | {"pandas"},
}


def imported(source: str) -> set[str]:
    """Top-level names of every import, also of those inside functions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level > 0:
            names.add("<relative import>")
    return names


def violations(package: str, source: str) -> set[str]:
    """Imports that `package` must not have."""
    names = imported(source)
    return (names & set(OURS) - ALLOWED[package]) | (
        names & (FORBIDDEN[package] | {"<relative import>"})
    )


@pytest.mark.parametrize("package", OURS)
def test_package_imports_only_what_it_may(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no files in {package}"
    found = {
        str(file.relative_to(ROOT)): bad
        for file in files
        if (bad := violations(package, file.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("package", "line", "bad"),
    [
        ("fairness", "import torch", "torch"),
        ("fairness", "def f():\n    from audit.client.predictor import x", "audit"),
        ("training", "import export.parity", "export"),
        ("audit", "import training", "training"),
        ("audit", "from . import x", "<relative import>"),
        ("serving", "from fairness.errors import DataError", "fairness"),
    ],
)
def test_the_check_can_fail(package: str, line: str, bad: str) -> None:
    assert violations(package, line) == {bad}


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(answer.stdout.split())


def test_fair_audit_starts_without_the_heavy_libraries() -> None:
    assert loaded_by("audit.cli") & HEAVY == set()


def test_the_start_check_can_fail() -> None:
    assert "onnx" in loaded_by("onnx, audit.cli")
