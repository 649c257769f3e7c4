"""The site of the docs in a real Chromium: it asks its own server alone, and its search finds."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

pytest_plugins = ["browsed_chromium"]
pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of the built site."""
    build = ["build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "mkdocs", *build], cwd=ROOT, check=True)
    handler = partial(Quiet, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_pages_ask_no_other_host_and_the_search_finds(browser: Browser, site: str) -> None:
    page = browser.new_page()
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    for name in ("index.html", "map.html", "metrics.html", "comparison.html"):
        page.goto(f"{site}/{name}", wait_until="networkidle")
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide), f"{name} is wider than the window"
    page.fill("input[name=query]", "equity-scaled")
    page.wait_for_selector(".md-search-result__item a[href*='metrics.html']")
    assert hosts == {urlsplit(site).netloc}
    page.close()
