"""Who may import whom, checked on the source; and proof that the check can fail."""

import ast
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("fairness", "training", "export", "serving", "audit", "fair_audit")
ALLOWED = {
    "fairness": {"fairness"},
    "training": {"training", "fairness"},
    "export": {"export", "training", "fairness"},
    "serving": {"serving"},
    "audit": {"audit", "fairness"},
    "fair_audit": {"fair_audit", "audit", "fairness"},
}
HEAVY = {"torch", "onnx", "onnxruntime", "transformers"}
FORBIDDEN = {
    "fairness": HEAVY | {"tritonclient", "rich", "pandas"},
    "training": {"onnx", "onnxruntime", "tritonclient"},
    "export": set(),
    "serving": {"torch", "onnx", "transformers"},
    "audit": HEAVY - {"onnxruntime"} | {"pandas"},
    "fair_audit": HEAVY | {"tritonclient"},
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


def test_one_file_of_audit_may_answer_by_onnx_runtime() -> None:
    files = sorted((ROOT / "audit").rglob("*.py"))
    users = [str(f.relative_to(ROOT)) for f in files if "onnxruntime" in imported(f.read_text())]
    assert users == ["audit/client/onnx_file.py"]


METHODS = ("training.fairclip", "training.fairseg", "training.fairlora")
NEVER = (
    # Inside audit: what asks a server, what is kept, what judges, what is shown.
    ("audit.client", "audit.records"),
    ("audit.client", "audit.policy"),
    ("audit.client", "audit.report"),
    ("audit.records", "audit.client"),
    ("audit.records", "audit.policy"),
    ("audit.records", "audit.report"),
    ("audit.policy", "audit.client"),
    ("audit.policy", "audit.report"),
    ("audit.report", "audit.client"),
    ("audit.report", "audit.records"),
    # Inside fairness: numbers know no data set, data sets no kind of model.
    ("fairness.metrics", "fairness.statistics"),
    ("fairness.metrics", "fairness.datasets"),
    ("fairness.statistics", "fairness.datasets"),
    ("fairness.statistics", "fairness.tasks"),
    ("fairness.compat", "fairness.tasks"),
    ("fairness.datasets", "fairness.tasks"),
    ("fairness.foreign", "fairness.datasets"),
    ("fairness.foreign", "fairness.tasks"),
    ("fairness.datasets", "fairness.foreign"),
    ("fairness.synthetic", "fairness.tasks"),
    ("fairness.synthetic", "fairness.datasets.catalogue"),
    # Inside training: losses below models, models below methods, methods beside one another.
    ("training.losses", "training.models"),
    *(("training.losses", method) for method in METHODS),
    *(("training.models", method) for method in METHODS),
    *((one, other) for one in METHODS for other in METHODS if one != other),
    # BLIP-2 stands on FairCLIP, whose fair term it takes; nothing else knows either.
    *((room, "training.blip2") for room in ("training.losses", "training.models", *METHODS)),
    *(("training.blip2", method) for method in METHODS if method != "training.fairclip"),
)
"""(room, what none of its files imports)."""


def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name; a package is its `__init__`."""
    files = (file for package in OURS for file in (ROOT / package).rglob("*.py"))
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in names.items()}


def imports_of(source: str, known: Collection[str]) -> set[str]:
    """Modules of ours that a source imports; of `from a import b`, a.b where that is one."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                found.add(below if below in known else node.module)
    return found & set(known)


def graph() -> dict[str, set[str]]:
    """Module to the modules of ours that it imports."""
    known = modules()
    return {name: imports_of(file.read_text(), known) for name, file in known.items()}


def lies_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def broken(found: Mapping[str, set[str]], room: str, never: str) -> set[tuple[str, str]]:
    """Imports from a room of what it must never import."""
    return {
        (name, other)
        for name, others in found.items()
        for other in others
        if lies_in(name, room) and lies_in(other, never)
    }


def circle(found: Mapping[str, set[str]]) -> list[str]:
    """Modules that are left when those that import nothing left are taken away, again and again."""
    left = {name: set(others) for name, others in found.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def test_rooms_keep_to_their_order() -> None:
    found = graph()
    assert {pair: bad for pair in NEVER if (bad := broken(found, *pair))} == {}
    for room in {room for pair in NEVER for room in pair}:
        assert any(lies_in(name, room) for name in found), f"no such room: {room}"


def test_only_the_command_line_imports_commands() -> None:
    users = {
        name for name, others in graph().items() for o in others if lies_in(o, "audit.commands")
    }
    assert users == {"audit.command"}


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert circle(graph()) == []


def test_the_checks_of_rooms_can_fail() -> None:
    line = "def f():\n    from audit.report import layout"
    found = {"audit.client.wire": imports_of(line, {"audit.report", "audit.report.layout"})}
    assert broken(found, "audit.client", "audit.report") == {
        ("audit.client.wire", "audit.report.layout")
    }
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(answer.stdout.split())


def test_fair_audit_starts_without_the_heavy_libraries() -> None:
    assert loaded_by("audit.command") & HEAVY == set()


def test_the_start_check_can_fail() -> None:
    assert "onnx" in loaded_by("onnx, audit.command")
