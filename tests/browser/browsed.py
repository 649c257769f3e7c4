"""Opens a page in Chromium, at the size of a desk or a phone, and listens to it."""

from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page

SIZES = {"desk": (1280, 800), "phone": (390, 844)}


def opened(browser: Browser, path: Path, size: str, colours: str) -> tuple[Page, list[str]]:
    """The page with every section unfolded, and what the console or the network said."""
    width, height = SIZES[size]
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if colours == "dark" else "light",
    )
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", heard)
    page.on("request", lambda request: said.append(request.url))
    page.goto(path.as_uri())
    return page, [text for text in said if text != path.as_uri()]
