"""
Claim 2 (and 3, 8, 9): a marker in every column of every student leaves where it was granted, and nowhere else.

Every route of the application is asked under agreements on several bases, exact and coarse, with a key and with a mere
secret. What is heard, and what the gateway keeps about it, is searched for each marker, as it is and disguised.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from gateway.api.routers import partner_routers
from tests.factories.database import TestDatabase
from tests.factories.gateway import NOON, Gateway
from tests.factories.leak_walk import Get, NoDriver, other_routes, partner_routes, walk
from tests.factories.marked import COMPATIBLE, PROGRAM, Marked, deploy_marked
from tests.factories.markers import ELSEWHERE, PARTLY, ROLES, SHOWN, Marker, cut, disguised, found, words_in, words_of

pytestmark = [pytest.mark.claim(2), pytest.mark.claim(3), pytest.mark.claim(8), pytest.mark.claim(9)]

INSIDE = {"x-forwarded-for": "203.0.113.7"}
Heard = dict[tuple[str, str], list[str]]
"""Texts by agreement and dataset; an empty dataset is what tells of none."""


@pytest.fixture(scope="module")
def marked(deployment: Any, tmp_path_factory: pytest.TempPathFactory) -> Marked:
    return asyncio.run(deploy_marked(deployment, tmp_path_factory.mktemp("marked")))


@pytest.fixture
async def gateway(marked: Marked, tmp_path: Path) -> AsyncIterator[Gateway]:
    server = marked.deployment.server
    database = TestDatabase(server, "marked_1")
    await server.create(database.name, template=marked.deployment.template)
    opened = Gateway(marked.deployment, database, tmp_path)
    try:
        await opened.at(NOON)
        await opened.serve(guardrails=marked.guardrails, compatibility=True)
        yield opened
        await opened.close()
        await opened.verify()
    finally:
        await opened.close()
        await database.close()
        await server.drop(database.name)


def text_of(answer: httpx2.Response) -> str:
    return "\n".join([answer.text, *(f"{name}: {value}" for name, value in answer.headers.multi_items())])


async def asking(gateway: Gateway, marked: Marked, name: str) -> tuple[str, Get]:
    """Return the prefix of an agreement's routes, and what asks them."""
    if name != COMPATIBLE:
        return "", lambda path: gateway.send(name, "GET", path.partition("?")[0], params=path.partition("?")[2])
    form = {"grant_type": "client_credentials", "client_id": PROGRAM, "client_secret": marked.secret}
    answer = await gateway.http.post("/compat/oauth/token", data=form, headers=INSIDE)
    headers = {"authorization": f"Bearer {answer.json()['access_token']}", **INSIDE}
    return "/compat", lambda path: gateway.http.get(path, headers=headers)


async def listen(gateway: Gateway, marked: Marked, name: str, known: str, heard: Heard) -> dict[str, dict[str, str]]:
    """Ask every partner's route under an agreement; return what the grant says."""
    prefix, get = await asking(gateway, marked, name)
    told = await get(f"{prefix}/v1/grant")
    heard[name, ""].append(text_of(told))
    granted = {
        dataset: {line["name"]: line["transformation"] for line in part["elements"]}
        for dataset, part in told.json()["datasets"].items()
    }
    answered = set()
    # Exact values leave element by element under consent; elsewhere a few of them show that it is the same there.
    every = 1 if "consent exact" in name else 4
    spoiled = name in {marked.names[0], COMPATIBLE}
    for path, dataset in partner_routes(gateway.app, prefix).items():
        if dataset is None:
            continue
        elements = granted.get(dataset, {})
        async for answer in walk(get, path, dataset, elements, known, every=every, spoiled=spoiled):
            heard[name, dataset if answer.status_code == 200 else ""].append(text_of(answer))
            answered |= {(dataset, path)} if answer.status_code == 200 else set()
    # A route that always refuses would show nothing: each that this agreement gives has answered.
    assert {path for path, dataset in partner_routes(gateway.app, prefix).items() if dataset in granted} == {
        path for _, path in answered
    }
    page = await get(f"{prefix}/v1/students")
    codes = [row["record_code"] for row in page.json().get("data", [])] if page.status_code == 200 else []
    for code in (*codes[:5], known, "rc_" + "a" * 26):
        one = await get(f"{prefix}/v1/students/{code}")
        heard[name, "students" if one.status_code == 200 else ""].append(text_of(one))
    for entry in (page.headers.get("pactgate-receipt", "1"), known, "0"):
        heard[name, ""].append(text_of(await get(f"{prefix}/v1/receipts/{entry}")))
    if not prefix:
        heard[name, ""] += [text_of(answer) for answer in await about_rosters(gateway, name, known)]
    return granted


async def about_rosters(gateway: Gateway, name: str, known: str) -> list[httpx2.Response]:
    """Hand in a roster that names somebody by number, and one that nobody can read; ask how the first one stands."""
    child = {"given_name": "A", "family_name": "B", "birth_date": "2012-01-01", "student_number": known}
    answers = []
    for row in (child, {**child, known: known}):
        sent = {"params": {"covers": "whole"}, "json": {"lines": [row]}}
        answers.append(await gateway.send(name, "POST", "/v1/rosters", **sent))
    roster = answers[0].json().get("roster", 0)
    return [*answers, await gateway.get(name, f"/v1/rosters/{roster}"), await gateway.get(name, f"/v1/rosters/{known}")]


async def test_each_marker_leaves_where_it_was_granted_and_nowhere_else(gateway: Gateway, marked: Marked) -> None:
    numbers = {mark.role: mark for mark in marked.marks if (mark.target, mark.column) == ("students", "student_id")}
    assert set(numbers) == set(ROLES)
    steward = await gateway.steward()
    for role in ROLES:
        await steward.place_statement(numbers[role].text, ["000279"], words_of(role))
    words = tuple(
        Marker(words_of(role), role, "contested", "statement", None, "open", is_coded=False) for role in ROLES
    )
    marks = (*marked.marks, *words)
    heard: Heard = defaultdict(list)
    for name in marked.names:
        granted = await listen(gateway, marked, name, numbers[ELSEWHERE].text, heard)
        for dataset in granted:
            text = words_in("\n".join(heard[name, dataset]))
            allowed = marked.allowed(name, dataset)
            if granted[dataset].get("telephone") == "exact":
                # Words go along with the number that they are about.
                allowed |= {each for each in words if each.role in covered(name)}
            assert named(found(marks, text) - allowed) == set(), (name, dataset)
            # And what was granted did leave, so that silence proves something.
            assert named(allowed - found(marks, text)) == set(), (name, dataset)
        assert named(found(marks, words_in("\n".join(heard[name, ""])))) == set(), name
    for address in other_routes(gateway):
        for method in ("GET", "POST"):
            answer = await gateway.http.request(method, address, params={"x": numbers[SHOWN].text})
            heard["anybody", ""].append(text_of(answer).replace(str(answer.url), ""))
    assert named(found(marks, "\n".join(heard["anybody", ""]))) == set()
    everything = words_in("\n".join(text for texts in heard.values() for text in texts))
    assert disguised(marks, everything) == set()
    assert cut(marks, everything) == set()
    kept = {
        "lines of the log": json.dumps(gateway.lines, default=str),
        "leaves": json.dumps(await gateway.entries()),
    }
    for where, text in kept.items():
        told = words_in(text)
        assert not found(marks, told) | cut(marks, told) | disguised(marks, told), where


def covered(name: str) -> set[str]:
    """Return whose telephone number an agreement covers, where it gives one."""
    return {SHOWN} if "consent" in name else {SHOWN, PARTLY}


def named(marks: set[Marker]) -> set[tuple[str, str, str, str]]:
    return {(mark.role, mark.target, mark.column, mark.kind) for mark in marks}


def test_a_route_that_nobody_asks_is_found() -> None:
    app = FastAPI()
    for router in partner_routers(bytes(32)):
        app.include_router(router)
    assert None in partner_routes(app).values()
    app.add_api_route("/v1/new/{thing}", lambda: None)
    with pytest.raises(NoDriver, match="/v1/new/"):
        partner_routes(app)
