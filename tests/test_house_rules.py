"""Rules of the house that a machine can check: sizes of files and functions, tests that assert."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "fairness", "training", "export", "serving", "audit", "fair_audit", "benchmarks", "examples",
)  # fmt: skip
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 250, 60
CHECKS = ("raises", "warns", "fail", "doctest")
"""Names, or ends of names, of functions that check something: `pytest.raises`, ..."""


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def is_check(node: ast.AST) -> bool:
    """Whether a node asserts something, by itself or through a helper named so."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rsplit(".", 1)[-1]
    return name.startswith(("assert_", "check", "require")) or name in CHECKS


def asserts_unconditionally(test: ast.FunctionDef) -> bool:
    """Whether something is checked outside every `if` of the test."""
    waiting: list[ast.AST] = list(test.body)
    while waiting:
        node = waiting.pop()
        if is_check(node):
            return True
        if isinstance(node, ast.If):
            # Both branches of an `if` with an `else` that check are as good as one check.
            branches = [ast.Module(body=b, type_ignores=[]) for b in (node.body, node.orelse)]
            if all(any(map(is_check, ast.walk(branch))) for branch in branches):
                return True
            continue
        waiting += ast.iter_child_nodes(node)
    return False


def imported_modules(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_no_file_is_longer_than_a_reader_s_patience() -> None:
    lengths = {str(f.relative_to(ROOT)): f.read_text().count("\n") for f in (*SOURCES, *TESTS)}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno
        for file in SOURCES
        for node in functions(ast.parse(file.read_text()))
        if node.end_lineno is not None
    }
    assert {name: n for name, n in found.items() if n > LONGEST_FUNCTION} == {}


def test_every_test_checks_something_outside_an_if() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in TESTS
        for node in functions(ast.parse(file.read_text()))
        if node.name.startswith("test_") and not asserts_unconditionally(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ("assert 1", True),
        ("for x in y:\n        assert x", True),
        ("if x:\n        assert x", False),
        ("if x:\n        assert x\n    else:\n        assert y", True),
        ("with pytest.raises(E):\n        f()", True),
        ("f()", False),
    ],
)
def test_the_check_of_tests_can_fail(body: str, good: bool) -> None:
    (test,) = functions(ast.parse(f"def test_x():\n    {body}"))
    assert asserts_unconditionally(test) is good


def test_no_test_module_imports_another() -> None:
    modules = {file.stem for file in TESTS if file.stem.startswith("test_")}
    found = {
        str(file.relative_to(ROOT)): bad
        for file in TESTS
        if (bad := imported_modules(ast.parse(file.read_text())) & modules)
    }
    assert found == {}


def test_no_helper_of_tests_is_named_like_a_source_file() -> None:
    sources = {file.stem for file in SOURCES} - {"__init__", "__main__"}
    helpers = {file.stem for file in TESTS if not file.stem.startswith("test_")}
    assert helpers & sources == set()
