"""
Debian's Chromium, driven by Playwright: what a person looks at the pages with.

Whatever a page does that it must not (a violation of its policy, a request to another place, an error in its console)
is kept and makes the test fail.
"""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

_AXE: Final = Path(__file__).parents[1] / "peers/node_modules/axe-core/axe.min.js"
PROGRAM: Final = shutil.which("chromium") or os.environ.get("PACTGATE_TESTS_CHROMIUM", "")
_ARGUMENTS: Final = (
    "--no-sandbox",  # as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_EXPECTED: Final = (
    "Failed to load resource: the server responded with a status of 4",
    "publicKey.pubKeyCredParams is missing at least one of the default algorithm identifiers: ES256 and RS256.",
)
"""What the browser says of each refusal that a test asks for, and of passkeys that sign as documents are signed."""
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _axe() -> str:
    return _AXE.read_text("utf-8")


@dataclass
class Sight:
    """One page of the browser, and everything that went wrong in it."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keep what a page does that it must not."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_EXPECTED):
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.wrong.append(f"asked {request.url}")

    async def open(self, path: str) -> None:
        """Open a page of the gateway."""
        await self.page.goto(self.url + path)

    async def pick(self, subject: str) -> None:
        """Sign in as somebody."""
        await self.open("/console/sign-in")
        await self.page.click(f'button[value="{subject}"]')

    async def failures(self, rules: Sequence[str] | None = None) -> list[str]:
        """Return what axe-core finds on the page as it is now, by all rules or by these."""
        if not await self.page.evaluate("() => 'axe' in window"):
            # By the protocol and not by a script element: the page's policy allows none, and stays as it is.
            await self.page.evaluate(f"(() => {{ {_axe()} }})()")
        only = {"type": "tag", "values": _RULES} if rules is None else {"type": "rule", "values": list(rules)}
        options = {"runOnly": only, "resultTypes": ["violations"]}
        found = await self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def sight(browser: Browser, url: str, **context: Any) -> AsyncIterator[Sight]:
    """Open an empty window; what went wrong in it makes the test fail at the end."""
    opened = await browser.new_context(locale="en-US", **context)
    seen = Sight(await opened.new_page(), url)
    seen.watch()
    yield seen
    await opened.close()
    assert not seen.wrong, seen.wrong
