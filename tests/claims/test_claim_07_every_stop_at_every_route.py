"""
Claim 7. A stop acts on the next request, on every replica. The log's order decides.

The table of every stop and every route. The stops are those of `tests.factories.student_stops` and `caller_stops`, the
routes the application's: a stop or a route that comes later joins by itself, or fails because nobody said how it is
asked. Each cell is asked by a request that has read its rows when the stop's entry comes, by the next request, and by a
page walk that began before the stop. Of a route and its twin for programs, one is asked at the first replica and walked
at the second, and the other the other way round.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.http import ROSTERS_PATH
from tests.factories.caller_stops import CALLER_STOPS, CallerStop
from tests.factories.gateway import Deployment
from tests.factories.seen import require_seen
from tests.factories.stage import Route, Shape, Stage, Who, staged
from tests.factories.stoppable import MAIN, Stoppable, make_stoppable
from tests.factories.student_stops import STUDENT_STOPS
from tests.factories.walks import MOST, Asked, Table, Walk, served, together, told

pytestmark = [pytest.mark.claim(7), pytest.mark.attack("7.3 each route"), pytest.mark.ferpa("Z1")]

PAGE, GRANT = "/v1/students", "/v1/grant"


@pytest.fixture(scope="module")
def stoppable(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Stoppable:
    """Set up once, and copied by each test."""
    return asyncio.run(make_stoppable(deployment, tmp_path_factory.mktemp("stoppable")))


@pytest.fixture
async def stage(stoppable: Stoppable, tmp_path: Path) -> AsyncIterator[Stage]:
    """Two replicas; whatever the test does, no disclosure stands after a stop that it had not seen."""
    async with staged(stoppable, tmp_path) as opened:
        start = await opened.gateway.size()
        yield opened
        assert require_seen(await opened.gateway.entries(), start)


async def everybody(stage: Stage) -> Walk:
    """Get tokens and receipts for all who ask under the main agreement, and walk every route to the middle."""
    codes = tuple(stage.made.codes)
    walk = Walk(MAIN, codes[: len(codes) // 2], codes[len(codes) // 2 :])
    for who in Who:
        await stage.fetch_token(who)
        page = await stage.get(who, f"{prefix(who)}{PAGE}?limit=1")
        stage.receipts[who] = page.headers["pactgate-receipt"]
    stage.roster = str((await stage.get(Who.KEYED, ROSTERS_PATH)).json()["roster"])
    await walk.begin(stage, [(route, who) for route in stage.routes for who in route.asked_by])
    return walk


def prefix(who: Who) -> str:
    return "/compat" if who is Who.PROGRAM else ""


def first(who: Who) -> int:
    """Return the replica at which somebody asks first; a walk goes on at the other one."""
    return 1 if who is Who.PROGRAM else 0


def asking(stage: Stage, code: str, agreement: str = MAIN) -> Callable[[Route, Who], Awaitable[httpx2.Response]]:
    """Return what asks at a route from its beginning: for all pages at once, for one student, for what is one's own."""

    async def ask(route: Route, who: Who) -> httpx2.Response:
        filled = route.path.replace("{code}", code).replace("{entry}", stage.receipts[who])
        filled = filled.replace("{roster}", stage.roster)
        path = f"{filled}?limit={MOST}" if route.shape is Shape.PAGES else filled
        return await stage.get(who, path, replica=first(who), agreement=agreement)

    return ask


def walking(stage: Stage, walk: Walk) -> Callable[[Route, Who], Awaitable[httpx2.Response]]:
    """Return what goes on with a walk."""

    async def ask(route: Route, who: Who) -> httpx2.Response:
        return await stage.get(who, walk.at[route, who], replica=1 - first(who), agreement=walk.agreement)

    return ask


def paged(asked: Sequence[Asked]) -> list[Asked]:
    return [(route, who) for route, who in asked if route.shape is Shape.PAGES]


async def overtaken(
    stage: Stage, asked: Sequence[Asked], ask: Callable[[Route, Who], Awaitable[httpx2.Response]], stop: Awaitable[Any]
) -> tuple[Any, list[tuple[Asked, httpx2.Response]]]:
    """Ask at the first replica, and do the stop between the read and the entry; return what the stop and they gave."""
    here = [(route, who) for route, who in asked if first(who) == 0]
    stage.slow.hold()
    under_way = asyncio.create_task(together(here, ask))
    try:
        await stage.slow.until(len(here))
        done = await stop
    finally:
        stage.slow.let_go()
        answers = await under_way
    return done, answers


async def test_after_each_stop_of_a_student_no_route_serves_the_student_and_all_serve_the_others(stage: Stage) -> None:
    codes = list(stage.made.codes)
    leavers = dict(zip(STUDENT_STOPS, reversed(codes), strict=False))
    assert len(leavers) == len(STUDENT_STOPS) <= len(codes) // 2, "stoppable.py has too few students"
    for stop, code in leavers.items():
        if stop.prepare is not None:
            stop.prepare(stage, stage.made.codes[code])
    await stage.load("students", "enrollments", "rosters", "consents")
    walk, table = await everybody(stage), Table()
    asked = [(route, who) for route in stage.routes for who in route.asked_by if who is not Who.ATTENDED]
    rows = [(route, who) for route, who in asked if route.shape is not Shape.OWN]
    for stop, code in leavers.items():
        ask, act = asking(stage, code), stop.act(stage, stage.made.codes[code])
        # A day that comes has no entry: there is nothing that could come between.
        _, under_way = await overtaken(stage, [] if stop.dated else rows, ask, act)
        walk.gone.add(code)
        for moment, answers in (("under way", under_way), ("next request", await together(rows, ask))):
            for (route, _), answer in answers:
                expected = (404, "not_found") if route.shape is Shape.ONE else walk.everybody
                table.require(stop.name, route.path, moment, found=served(answer), expected=expected)
        for (route, _), answer in await together(paged(rows), walking(stage, walk)):
            is_lost = stop.forgets and route.follows
            expected = (410, "changes_lost") if is_lost else walk.left(walk.following)
            table.require(stop.name, route.path, "page walk", found=served(answer), expected=expected)
        if stop.forgets:
            await walk.begin(stage, [(route, who) for route, who in rows if route.follows])
    # What is a partner's own tells of no student, and stays: the receipts of pages that were answered before.
    for (route, _), answer in await together([each for each in asked if each not in rows], asking(stage, "")):
        table.require("all of them", route.path, found=answer.is_success, expected=True)
        assert not [code for code in codes if code in answer.text]
    assert not table.wrong, "\n".join(table.wrong)
    assert table.cells > 2 * len(STUDENT_STOPS) * len(rows)


async def test_after_each_stop_of_a_caller_no_route_opens_and_nobody_else_notices(stage: Stage) -> None:
    walk, table = await everybody(stage), Table()
    over: set[Who] = set()
    for stop in CALLER_STOPS:
        asked = [(route, who) for route in stage.routes for who in route.asked_by if is_asked(stop, route, who)]
        own = walk if stop.agreement == MAIN else Walk(stop.agreement)
        if own is not walk:
            await stage.fetch_token(Who.KEYED, stop.agreement)
            await own.begin(stage, asked)
        ask = asking(stage, next(iter(stage.made.codes)), stop.agreement)
        done, under_way = await overtaken(stage, [] if stop.dated else paged(asked), ask, stop.act(stage))
        for moment, answers in (
            ("under way", under_way),
            ("next request", await together(asked, ask)),
            ("page walk", await together(paged(asked), walking(stage, own))),
        ):
            for (route, who), answer in answers:
                table.require(stop.name, who, route.path, moment, found=told(answer), expected=stop.told)
        await require_proofs(stage, stop, table)
        others = {who for who in Who if stop.agreement != MAIN or who not in stop.stopped} - over
        await asyncio.gather(*(require_open(stage, stop, who) for who in others))
        if stop.undo is not None:
            await stop.undo(stage, done)
            await asyncio.gather(*(require_open(stage, stop, who) for who in stop.stopped))
        elif stop.agreement == MAIN:
            over.update(stop.stopped)
    assert not table.wrong, "\n".join(table.wrong)
    assert table.cells > 2 * len(CALLER_STOPS) * len(stage.routes) // 2


def is_asked(stop: CallerStop, route: Route, who: Who) -> bool:
    """Return whether a route is asked after a stop; a person who is stopped with the client is asked about once."""
    same = who is Who.ATTENDED and Who.KEYED in stop.stopped
    return who in stop.stopped and (not same or route.path == PAGE)


async def require_proofs(stage: Stage, stop: CallerStop, table: Table) -> None:
    """Check what a client is told where it proves itself: of a new token, and of the one it holds."""
    for who in stop.stopped:
        token = await stage.asked_for_token(who, stop.agreement, replica=1)
        table.require(stop.name, who, "token", found=token.json().get("error"), expected=stop.error)
        if who is not Who.PROGRAM:
            held = stage.tokens[who, stop.agreement]
            about = (await stage.proving("/oauth/introspect", agreement=stop.agreement, token=held)).json()
            found = about.get("error", about.get("active"))
            table.require(stop.name, who, "introspection", found=found, expected=stop.is_good)


async def require_open(stage: Stage, stop: CallerStop, who: Who) -> None:
    """Check that somebody is served under the main agreement."""
    for path in (f"{prefix(who)}{PAGE}?limit=1", f"{prefix(who)}{GRANT}"):
        answer = await stage.get(who, path)
        assert answer.status_code == httpx2.codes.OK, f"{stop.name} | {who}: {answer.text}"
