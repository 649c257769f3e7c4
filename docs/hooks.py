"""Pages that lie beside docs/, and links between all of them, for the site that `make docs` builds.

The pages are written to be read in the repository, where links lead to its files. In the site a
link to another page leads there; one to any other file of the repository is its text, or a link
below `repo_url` where mkdocs.yml names one.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
BESIDE = ("*.md", "examples/*.md", "examples/*/*.md", "benchmarks/*.md", "model_repository/*.md")
"""Pages outside docs/, which keep their path in the site."""

_LINK = re.compile(
    r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)"
)
_ITEM = re.compile(r"[-*+] ")
_PLAIN = re.compile(r"(?![-*+|#>\s])\S")
_FENCE = re.compile(r"^\s*(```|~~~)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages beside docs/."""
    for path in sorted(path for place in BESIDE for path in ROOT.glob(place)):
        uri = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a page to pages of the site, outside of blocks of code."""
    uris = {file.src_uri for file in files}
    lines: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        if not fenced:
            line = relinked(line, page.file.src_uri, uris, config.repo_url)
            if _ITEM.match(line) and lines and _PLAIN.match(lines[-1]):
                lines.append("")  # a list may follow a paragraph at once where the pages are read
        lines.append(line)
    return "\n".join(lines)


def relinked(line: str, uri: str, uris: set[str], repo_url: str | None) -> str:
    """A line of the page `uri` with its links as the site needs them; `uris` are its files."""
    where = posixpath.dirname(place(uri, uris))

    def lead(found: re.Match[str]) -> str:
        mark, text, target, anchor = found.groups(default="")
        path = posixpath.normpath(posixpath.join(where, target))
        inside = path.removeprefix("docs/")
        if inside in uris and place(inside, uris) == path:
            link = posixpath.relpath(inside, posixpath.dirname(uri) or ".")
            return f"{mark}[{text}]({link}{anchor})"
        if not (ROOT / path).exists():
            return found[0]  # for mkdocs to complain of
        return f"{mark}[{text}]({repo_url.rstrip('/')}/blob/main/{path})" if repo_url else text

    return _LINK.sub(lead, line)


def place(uri: str, uris: set[str]) -> str:
    """Where a file of the site lies in the repository."""
    return uri if (ROOT / uri).is_file() and uri in uris else f"docs/{uri}"
