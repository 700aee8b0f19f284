"""Drafts on the console's pages: how one is begun, written and looked at, and one that is complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from agreements.elements import load_catalogue
from gateway.services.drafts.amending import next_version
from gateway.services.drafts.kept import Drafts
from gateway.services.drafts.registered import registered_agreement
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.staff import Browser

KEY: Final = "Nn3oW2Yq7cUe1vR5tKzXbJ8mLp0aSdFgHjQwEiOyTuB"
"""Thumbprint of a drafter's key."""
PAPER: Final = "sha256:" + "ab" * 32


@dataclass
class Pen:
    """Somebody writing one draft in a browser. `path` is its address."""

    browser: Browser
    path: str
    token: str

    @classmethod
    async def begin(cls, browser: Browser, basis: str) -> "Pen":
        """Begin a draft on the page."""
        token = await browser.token()
        answer = await browser.post("/console/drafts", {"csrf": token, "basis": basis})
        assert answer.status_code == 303, answer.text
        return cls(browser, answer.headers["location"].removesuffix("/purpose"), token)

    async def revision(self) -> str:
        """Return the revision that a page shows now."""
        return (await self.page("/paper")).partition('name="revision" value="')[2].partition('"')[0]

    async def page(self, place: str = "") -> str:
        """Return a page of the draft."""
        answer = await self.browser.get(self.path + place)
        assert answer.status_code == 200, (place, answer.text)
        return answer.text

    async def write(self, place: str, **fields: str) -> str:
        """Send a form of the draft; names have two underscores for a dot. Returns where it leads."""
        form = {name.replace("__", "."): value for name, value in fields.items()}
        return await self.send(place, form)

    async def send(self, place: str, form: Mapping[str, str]) -> str:
        """Send a form of the draft; returns where it leads."""
        whole = {"csrf": self.token, "revision": await self.revision(), **form}
        answer = await self.browser.post(self.path + place, whole)
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return str(answer.headers["location"])


async def content_of(console: Console, path: str) -> dict[str, Any]:
    """Return what is kept of the draft at this address."""
    office = console.office
    return (await Drafts(office.engine).read(UUID(path.rpartition("/")[2]))).content


async def a_sound_draft(console: Console, number: UUID) -> dict[str, Any]:
    """Keep the next version of the tutoring agreement as a draft in which nothing is missing."""
    office = console.office
    old = await registered_agreement(office, console.gateway.digest(TUTORING))
    content = next_version(old, load_catalogue(), drafted_by=KEY, executed=(PAPER, "First amendment"), renew=False)
    await Drafts(office.engine, lambda: number).begin(content, "user:00000000-0000-4000-8000-000000000000")
    return content
