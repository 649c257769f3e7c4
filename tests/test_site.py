"""The site of the docs: every page, links and anchors that lead somewhere, nothing foreign."""

import importlib.util
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent


def hooks() -> Any:
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOKS = hooks()
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(path for place in HOOKS.BESIDE for path in ROOT.glob(place)),
]


def without_code(text: str) -> str:
    return re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Anchors of the headings, as the hosts of repositories make them."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?)\s*#*$", without_code(page.read_text()), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        kept = [c for c in text if c in " -_" or unicodedata.category(c)[0] in "LNM"]
        slug = "".join(kept).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found)


def dead_anchors(page: Path) -> list[str]:
    """Links of a page to headings that are not there."""
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", without_code(page.read_text()))
    targets = [(page.parent / path if path else page, anchor) for path, anchor in links]
    return [
        f"{target.name}#{anchor}"
        for target, anchor in targets
        if target.suffix == ".md" and anchor not in anchors(target)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_anchors_of_a_page_lead_to_headings(page: Path) -> None:
    assert dead_anchors(page) == []


def test_the_check_of_anchors_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# A `b` & c: d\n\n[x](#a-b--c-d) [y](#a-b-c-d) [z](a.md#none)\n")
    assert dead_anchors(page) == ["a.md#a-b-c-d", "a.md#none"]


def in_nav(entry: object) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    values = entry if isinstance(entry, list) else list(dict(entry).values())  # type: ignore[call-overload]
    return [path for value in values for path in in_nav(value)]


def test_every_page_is_in_the_navigation() -> None:
    text = re.sub(r"!!python\S+", "", (ROOT / "mkdocs.yml").read_text())
    named = in_nav(yaml.safe_load(text)["nav"])
    pages = [p.relative_to(ROOT).as_posix().removeprefix("docs/") for p in PAGES]
    assert sorted(named) == sorted(pages)


def test_links_lead_to_pages_or_are_their_text() -> None:
    relinked = HOOKS.relinked
    uris = {"README.md", "data.md", "map.md", "examples/README.md", "report-page.png"}
    for page, before, after in (
        ("README.md", "[d](docs/data.md#keys)", "[d](data.md#keys)"),
        ("README.md", "![p](docs/report-page.png)", "![p](report-page.png)"),
        ("map.md", "[`a`](../audit/plan.py) and [e](../examples/README.md)",
         "`a` and [e](examples/README.md)"),
        ("examples/README.md", "[d](../docs/data.md)", "[d](../data.md)"),
        ("map.md", "[x](nowhere.md) [y](https://a.b) [z](#z)", None),
    ):  # fmt: skip
        assert relinked(before, page, uris, None) == (before if after is None else after)
    linked = relinked("[`a`](../audit/plan.py)", "map.md", uris, "https://host/us/it/")
    assert linked == "[`a`](https://host/us/it/blob/main/audit/plan.py)"


@pytest.mark.further
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    build = ["build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    command = [sys.executable, "-m", "mkdocs", *build]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {p.relative_to(tmp_path).as_posix(): p.read_text() for p in tmp_path.rglob("*.html")}
    assert len(pages) == len(PAGES) + 1, "404.html, and nothing else beside the pages"
    for name, page in pages.items():
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]*\bsrc=[\"']?([^\"'\s>]+)", page)
        loaded += re.findall(r"<link[^>]*\bhref=[\"']?([^\"'\s>]+)", page)
        assert [url for url in loaded if re.match(r"(?:\w+:)?//", url)] == [], name
    styles = "".join(p.read_text() for p in tmp_path.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"']+", styles) == []
    # A link to a file of the repository is its text, one to another page a link.
    assert "<td><code>fairness/metrics/disparity.py</code></td>" in pages["map.html"]
    assert 'href="metrics.html#measured-coverage"' in pages["map.html"]
