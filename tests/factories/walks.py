"""Page walks that stand in the middle when something is stopped, and the table of what was answered afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from tests.factories.stage import Route, Shape, Stage, Who
from tests.factories.stoppable import MAIN

MOST: Final = 500
"""The largest page: everybody is on it."""
Asked = tuple[Route, Who]


@dataclass
class Table:
    """What was asked, and in words what was wrong: a cell for each stop, route and moment."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)

    def require(self, *where: object, found: object, expected: object) -> None:
        """Note what a cell says."""
        self.cells += 1
        if found != expected:
            self.wrong.append(f"{' | '.join(map(str, where))}: {found} instead of {expected}")


@dataclass
class Walk:
    """Whose rows are on an agreement's pages, before the place where the walks stand and after it."""

    agreement: str = MAIN
    before: tuple[str, ...] = ()
    following: tuple[str, ...] = ()
    gone: set[str] = field(default_factory=set)
    at: dict[Asked, str] = field(default_factory=dict)
    """An address that goes on with each walk."""

    @property
    def everybody(self) -> list[str]:
        """Who is still served, in the order of pages."""
        return self.left((*self.before, *self.following))

    def left(self, codes: Sequence[str]) -> list[str]:
        """Return those of `codes` who are still served."""
        return [code for code in codes if code not in self.gone]

    async def begin(self, stage: Stage, asked: Iterable[Asked]) -> None:
        """Walk every route with pages to the middle."""
        await together([(route, who) for route, who in asked if route.shape is Shape.PAGES], self._begin_one(stage))

    def _begin_one(self, stage: Stage) -> Callable[[Route, Who], Awaitable[None]]:
        async def begin(route: Route, who: Who) -> None:
            whole = await stage.get(who, f"{route.path}?limit={MOST}", agreement=self.agreement)
            assert whole.status_code == httpx2.codes.OK, f"say in stage.py how {route.path} is asked: {whole.text}"
            rows = rows_in(whole.json()["data"])
            if self.before:
                assert set(rows) == set(self.everybody), f"the students of stoppable.py have no row at {route.path}"
            limit = sum(code in self.before for code in rows) or len(rows) // 2
            page = (await stage.get(who, f"{route.path}?limit={limit}", agreement=self.agreement)).json()
            self.at[route, who] = f"{route.path}?limit={limit}&{route.going_on}={page['next']}"

        return begin


async def together(asked: Sequence[Asked], ask: Callable[[Route, Who], Awaitable[Any]]) -> list[tuple[Asked, Any]]:
    """Ask everywhere at once; return who asked where, and what came of it."""
    return list(zip(asked, await asyncio.gather(*(ask(*each) for each in asked)), strict=True))


def told(answer: httpx2.Response) -> tuple[int, str]:
    """Return what a refusal says to a program."""
    return answer.status_code, str(answer.json().get("code", ""))


def served(answer: httpx2.Response) -> object:
    """Return whose rows an answer holds; of a refusal, what it says."""
    if answer.status_code != httpx2.codes.OK:
        return told(answer)
    data = answer.json()["data"]
    return rows_in(data) if isinstance(data, list) else data["record_code"]


def rows_in(data: Sequence[dict[str, Any]]) -> list[str]:
    """Return whose rows are on a page; of changes, whose are told: one that went is nobody's."""
    rows = [row["data"] if "change" in row else row for row in data if row.get("change") != "deleted"]
    return [row["record_code"] for row in rows]
