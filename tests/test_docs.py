"""What the README names exists: every file of its tree, every command, every flag."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = {
    "fair-audit report": "fair-audit report",
    "fair-audit threshold": "fair-audit threshold",
    "fair-audit inspect": "fair-audit inspect",
    "fair-audit": "fair-audit",
    "python -m training.fairclip": "training.fairclip",
    "python -m training.fairseg": "training.fairseg",
    "python -m training.fairlora": "training.fairlora",
    "python -m export": "export",
    "python -m fairness.synthetic.fairseg": "fairness.synthetic.fairseg",
    "python -m fairness.synthetic.fairfedmed": "fairness.synthetic.fairfedmed",
    "python -m fairness.synthetic.fairvlmed": "fairness.synthetic.fairvlmed",
}
# Written by a run, so absent from a fresh clone.
MADE_BY_RUNS = ("data/", "runs/", "reports/", "model_repository/fairclip", ".venv/")


def tree_paths(text: str) -> list[str]:
    """The paths of the fenced tree: two spaces of indent a level, then a name, then its purpose."""
    block = re.search(r"```text\n(.*?)```", text, re.S)
    assert block is not None
    folders: list[str] = []
    paths = []
    for line in block.group(1).splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.split(r"\s{2,}", line.strip())[0].split():
            paths.append("".join(folders[:depth]) + name)
            if name.endswith("/"):
                folders[depth:] = [name]
    return paths


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


def test_the_tree_names_every_source_file_and_no_other() -> None:
    named = set(tree_paths(README))
    missing = {p for p in named if not (ROOT / p).exists() and not p.startswith(MADE_BY_RUNS)}
    assert missing == set()
    sources = {
        str(f.relative_to(ROOT))
        for package in ("fairness", "training", "export", "serving", "audit", "benchmarks")
        for f in (ROOT / package).rglob("*.py")
        if f.name != "__init__.py"
    }
    assert sources - named == set(), "the README's tree does not say what these files are for"


@pytest.mark.parametrize("line", command_lines(README))
def test_every_flag_of_a_command_exists(line: str) -> None:
    for command, module in COMMANDS.items():
        if line.startswith(command):
            flags = re.findall(r"(?<!\S)--[a-z][a-z-]*", line)
            unknown = [flag for flag in flags if flag not in help_of(module)]
            assert unknown == []
            return
    first = line.split()[0]
    known = ("make", "tritonserver", "git", "cd", "python3.11", "pip", "docker", "mkdir")
    assert first in known, f"unknown command in the README: {line}"


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_links_of_the_documents_lead_somewhere() -> None:
    documents = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
    for document in documents:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
