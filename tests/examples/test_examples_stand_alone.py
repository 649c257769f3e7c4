"""Examples are models of other makers: they use nothing of this project, and all are listed."""

import ast

from readme_commands import ROOT, shells

EXAMPLES = ROOT / "examples"
OURS = {"fairness", "training", "export", "serving", "audit", "benchmarks"}


def imported(source: str) -> set[str]:
    """Top-level names of all imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_no_example_imports_this_project() -> None:
    files = sorted(EXAMPLES.rglob("*.py"))
    assert len(files) > 3
    assert {file.name: bad for file in files if (bad := imported(file.read_text()) & OURS)} == {}
    assert imported("import export.parity\nfrom training import x") & OURS == {"export", "training"}


def test_every_example_is_listed_and_has_commands() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    names = [file.parent.name for file in EXAMPLES.glob("*/README.md")]
    assert [name for name in names if f"]({name}/README.md)" not in listed] == []
    folders = sorted(file.parent for file in EXAMPLES.glob("*/config.pbtxt"))
    assert len(folders) > 1
    for folder in folders:
        first, second = shells(folder / "README.md")
        assert first[0] == second[0] == f"cd examples/{folder.name}"
        assert first[-1].startswith("tritonserver --model-repository ")
        assert len([line for line in second if line.startswith("fair-audit")]) <= 3
