"""What the documents name exists: every file and function of the map, every command and flag."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MAP = (ROOT / "docs" / "map.md").read_text()
COMMANDS = {
    "fair-audit report": "fair-audit report",
    "fair-audit threshold": "fair-audit threshold",
    "fair-audit inspect": "fair-audit inspect",
    "fair-audit init": "fair-audit init",
    "fair-audit plan": "fair-audit plan",
    "fair-audit compare": "fair-audit compare",
    "fair-audit summary": "fair-audit summary",
    "fair-audit pool": "fair-audit pool",
    "fair-audit repeat": "fair-audit repeat",
    "fair-audit bench": "fair-audit bench",
    "fair-audit parity": "fair-audit parity",
    "fair-audit watch": "fair-audit watch",
    "fair-audit history": "fair-audit history",
    "fair-audit merge": "fair-audit merge",
    "fair-audit": "fair-audit",
    "python -m training.fairclip": "training.fairclip",
    "python -m training.blip2": "training.blip2",
    "python -m training.probe": "training.probe",
    "python -m training.fairseg": "training.fairseg",
    "python -m training.fairlora": "training.fairlora",
    "python -m export": "export",
    "python -m fairness.datasets.fetch": "fairness.datasets.fetch",
    "python -m fairness.datasets.prepare": "fairness.datasets.prepare",
    "python -m fairness.synthetic.fairseg": "fairness.synthetic.fairseg",
    "python -m fairness.synthetic.fairfedmed": "fairness.synthetic.fairfedmed",
    "python -m fairness.synthetic.fairvlmed": "fairness.synthetic.fairvlmed",
}


def tree_paths(text: str) -> list[str]:
    """The paths of the fenced trees: two spaces of indent a level, a name, then its purpose."""
    folders: list[str] = []
    paths = []
    for line in "".join(re.findall(r"```text\n(.*?)```", text, re.S)).splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            paths.append("".join(folders[:depth]) + name)
            if name.endswith("/"):
                folders[depth:] = [name]
    return paths


def places(text: str) -> list[tuple[str, str]]:
    """Each file of the table "where is ...", with each function or class that it names there."""
    rows = re.findall(r"^\| [^|]+ \| \[`([^`]+)`\]\(\.\./\1\) \| ([^|]+) \|$", text, re.M)
    return [(path, name) for path, names in rows for name in re.findall(r"`([^`]+)`", names)]


def defined_in(source: str) -> set[str]:
    """Names of the functions and classes of a module, and `Class.method`."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (item for item in node.body if isinstance(item, ast.FunctionDef))
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


def command_lines(text: str) -> list[str]:
    """Lines of the fenced shell blocks, with continued lines joined."""
    blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.S)
    return [
        line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
        for block in blocks
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]


@cache
def help_of(module: str) -> str:
    if module.startswith("fair-audit"):
        arguments = [*module.split()[1:], "--help"]
        command = [sys.executable, "-c", f"from audit.cli import run; run({arguments})"]
    else:
        command = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_fits_on_a_few_screens() -> None:
    lines = README.splitlines()
    assert len(lines) <= 120
    assert [line for line in lines if len(line) > 160] == []


def test_the_map_names_every_source_file_and_no_other() -> None:
    named = tree_paths(MAP)
    assert sorted(set(named)) == sorted(named), "a file has two lines"
    assert {path for path in named if not (ROOT / path).exists()} == set()
    sources = {
        str(f.relative_to(ROOT))
        for package in (
            "fairness",
            "training",
            "export",
            "serving",
            "audit",
            "fair_audit",
            "benchmarks",
            "examples",
        )
        for f in (ROOT / package).rglob("*.py")
        if f.name != "__init__.py"
    }
    assert sources - set(named) == set(), "docs/map.md does not say what these files are for"


@pytest.mark.parametrize(
    "subject",
    [
        "ES-AUC", "FEBS", "server average", "probes", "verdict", "coverage tables", "threshold",
        "journal", "planted effect",
    ],
)  # fmt: skip
def test_the_map_says_where_a_subject_is(subject: str) -> None:
    table = [line for line in MAP.splitlines() if places(line)]
    assert [line for line in table if subject in line] != []


@pytest.mark.parametrize(("path", "name"), places(MAP))
def test_every_function_of_the_map_is_where_it_says(path: str, name: str) -> None:
    assert name in defined_in((ROOT / path).read_text())


@pytest.mark.parametrize("line", command_lines(README))
def test_every_flag_of_a_command_exists(line: str) -> None:
    for command, module in COMMANDS.items():
        if line.startswith(command):
            flags = re.findall(r"(?<!\S)--[a-z][a-z-]*", line)
            unknown = [flag for flag in flags if flag not in help_of(module)]
            assert unknown == []
            return
    first = line.split()[0]
    known = ("make", "tritonserver", "git", "cd", "python3.11", "pip", "docker", "mkdir", "source")
    assert first in known, f"unknown command in the README: {line}"


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.M), target


DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / folder / "README.md" for folder in ("model_repository", "benchmarks", "examples")),
    *sorted((ROOT / "examples").glob("*/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_of_a_document_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert {link for link in links if not (document.parent / link).exists()} == set()
    # A dated decision may speak of a file that is gone.
    packages = "fairness|training|export|serving|audit|benchmarks|tests"
    paths = (
        re.findall(rf"`((?:{packages})/[\w/.-]+)`", text) if document.stem != "decisions" else []
    )
    assert {path for path in paths if not (ROOT / path).exists()} == set()
