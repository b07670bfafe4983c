"""A page that is open in a browser, with what it said and fetched, and what axe-core finds in it."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
Scheme = Literal["light", "dark"]


class OpenedPage:
    """A page that was opened, and what it said and fetched beside itself."""

    def __init__(self, browser: Browser, address: str, *, width: int, scheme: Scheme) -> None:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.fetched: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.fetched.append(request.url))
        self.page.goto(address)

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than what shows it."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    def find_violations(self) -> list[tuple[str, str]]:
        """What axe-core finds: the rule and the first element."""
        self.page.evaluate(AXE.read_text("utf-8"))  # a script tag is what a page may forbid
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [(one["id"], one["nodes"][0]["html"]) for one in found]
