"""
`python -m tests.bench.console`: how long the server takes for each page of the console, and what a page weighs.

The demo's district is set up and served in this process. Further agreements are signed and filed as any other, and a
year of entries is written behind those of the setup, with the hashes of a log; then every page that has a route is
opened by somebody who may, several times. Times are those of the gateway's own log lines: from the request to the end
of the answer. The first look at each page is told apart: nothing was read beforehand for it. What took longer than
`PATIENCE_MS` then, because it certifies a number and reads the whole log for it, is not opened again.
"""

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

import httpx2
from fastapi.routing import APIRoute

from gateway.console.desk import ConsoleDesk
from gateway.console.routes import console_routers
from gateway.demo.perform import free_port, settings_for, throw_away_cluster
from gateway.demo.stage import Stage, served, set_stage
from gateway.logs import LineWriter
from gateway.oauth.client import PartnerClient
from gateway.pages.assets import assets
from gateway.settings import read_settings
from gateway.signin.callers import CSRF_FIELD
from gateway.store.session import connect
from tests.bench import machine
from tests.bench.console_subjects import Subjects, subjects
from tests.bench.console_year import index, lengthen, more_agreements
from tests.bench.report import say
from tests.factories.staff import Browser

LOOKS: Final = 7
PATIENCE_MS: Final = 3_000
READ_AHEAD: Final = ("/console/overview", "/console/log/{index}")
"""What `serve` reads ahead once a minute, so only the first look is slow."""
STUDENTS: Final = "/console/students"
MOST_BYTES: Final = 250_000
"""What a page may weigh, its files included, as they are sent."""
_STAFF: Final = ("officer-a", "administrator", "auditor", "steward")


@dataclass
class Looks:
    """What was seen of one page."""

    path: str
    first_ms: float = 0.0
    times: list[float] = field(default_factory=list)
    page_bytes: int = 0
    files_bytes: int = 0
    is_page: bool = True
    """Not a file that is downloaded: whoever wants the whole of something takes what it weighs."""

    @property
    def row(self) -> str:
        """The page's line of the table."""
        whole = self.page_bytes + self.files_bytes
        again = f"{median(self.times):,.0f} | {max(self.times):,.0f}" if self.times else "- | -"
        return (
            f"| `{self.path}` | {self.first_ms:,.0f} | {again} | {self.page_bytes / 1000:,.0f} | {whole / 1000:,.0f} |"
        )


class Kept(LineWriter):
    """Keeps the gateway's log lines instead of writing them."""

    def __init__(self) -> None:
        self.lines: list[Mapping[str, object]] = []

    def __call__(self, fields: Mapping[str, object]) -> None:
        """Keep one line."""
        self.lines.append(fields)


@dataclass(frozen=True)
class Opened:
    """A stage that is served, with who is signed in, and the log lines of the gateway."""

    stage: Stage
    browsers: Mapping[str, Browser]
    lines: list[Mapping[str, object]]


def addresses(stage: Stage, about: Subjects) -> dict[str, str]:
    """Return an address of each page that a browser opens, by its path; one that nobody can fill in is told."""
    found = {}
    for router in console_routers(ConsoleDesk(stage.office, stage.keys.subject)):
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                try:
                    found[route.path] = about.address(route.path)
                except KeyError:
                    say(f"  {route.path} is left out: nothing here is its address")
    return found


async def look(
    opened: Opened, path: str, address: str, form: Mapping[str, str] | None = None, called: str = ""
) -> Looks | None:
    """
    Open a page as somebody who may, or send its `form`; None if there is nobody, or nothing there.

    `called` is what the table calls it, its path unless said otherwise.
    """
    for browser in opened.browsers.values():
        token = "" if form is None else await browser.token()
        seen = Looks(called or path)
        for turn in range(LOOKS + 1):
            opened.lines.clear()
            if form is None:
                answer = await browser.get(address)
            else:
                answer = await browser.post(address, {CSRF_FIELD: token, **form})
            if answer.status_code != 200:
                break
            (line,) = [each for each in opened.lines if each["route"] == path]
            spent = float(str(line["microseconds"])) / 1000
            if turn:
                seen.times.append(spent)
                continue
            seen.first_ms = spent
            if spent > PATIENCE_MS and path not in READ_AHEAD:
                return _weighed(seen, answer)
        else:
            return _weighed(seen, answer)
    return None


async def told(opened: Opened, path: str, address: str) -> Looks | None:
    """Open a page, and say at once what was seen: the whole takes a while."""
    seen = await look(opened, path, address)
    if seen is not None:
        say(f"  {seen.row}")
    return seen


def _weighed(seen: Looks, answer: httpx2.Response) -> Looks:
    linked = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', answer.text))
    seen.page_bytes = len(answer.content)
    seen.is_page = answer.headers["content-type"].startswith("text/html")
    seen.files_bytes = sum(len(each.compressed) for each in assets().values() if each.address in linked)
    return seen


async def measure(stage: Stage, size: int) -> list[Looks]:
    """Serve the stage, open every page, and return what was seen."""
    kept = Kept()
    async with served(stage, kept), httpx2.AsyncClient(timeout=600) as http:
        # One answer more, so that the head is signed.
        part = next(iter(stage.parts.values()))
        await asyncio.to_thread(lambda: _ask(part.connect(stage.url)))
        browsers = {}
        for subject in _STAFF:
            browsers[subject] = Browser(http, stage.url)
            form = {"subject": subject, "next": "/console"}
            answer = await browsers[subject].post("/console/development/sign-in", form)
            assert answer.status_code == 303, answer.text
        opened = Opened(stage, browsers, kept.lines)
        began = time.monotonic()
        looks = 1
        while "still being counted" in (await browsers["auditor"].get("/console/overview")).text:
            looks += 1
        say(f"The first page had counted its 30 days after {looks} looks, {time.monotonic() - began:.1f} s")
        about = await subjects(stage, size)
        found = [await told(opened, path, address) for path, address in addresses(stage, about).items()]
        student = {"number": stage.district.students[0].student_number}
        found.append(await look(opened, STUDENTS, STUDENTS, student, f"{STUDENTS} (POST)"))
    return [each for each in found if each is not None]


def _ask(client: PartnerClient) -> None:
    answer = client.get("/v1/students?fields=first_name", client.token()["access_token"])
    assert answer.status_code == 200, answer.text


async def bench(options: argparse.Namespace) -> None:
    """Set up, measure, print."""
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as folder:
        environment = {"PACTGATE_DEVELOPMENT_SIGN_IN": "on", "PACTGATE_CONSOLE": "on"}
        settings = settings_for(read_settings(environment), Path(folder), free_port())
        today = datetime.now().astimezone().date()
        async with (
            throw_away_cluster(settings) as cluster,
            set_stage(cluster, settings, today=today, students=options.students) as stage,
        ):
            agreements = await more_agreements(stage, max(0, options.agreements - len(stage.parts)))
            moment, _ = await stage.office.desk.registry()
            async with connect(cluster.url("admin")) as owner:
                await lengthen(owner, agreements, options.entries, moment.now)
            async with connect(cluster.url("loader")) as loader:
                await index(loader)
            found = await measure(stage, moment.size + options.entries)
    for name, value in machine.facts().items():
        say(f"{name + ':':<20} {value}")
    said = f"{options.entries:,} entries, {options.agreements:,} agreements"
    say(f"\n| {said} | first, ms | ms | worst, ms | page, kB | with files, kB |")
    say("|---|---:|---:|---:|---:|---:|")
    for row in sorted(each.row for each in found):
        say(row)
    for each in found:
        assert not each.is_page or each.page_bytes + each.files_bytes < MOST_BYTES, each.path


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.console", description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--agreements", type=int, default=20)
    parser.add_argument("--students", type=int, default=2_000)
    options = parser.parse_args()
    os.umask(0o077)
    asyncio.run(bench(options))


if __name__ == "__main__":
    main()
