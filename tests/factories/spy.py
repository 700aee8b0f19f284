"""
A partner's program that asks whatever its tokens let it ask, to learn what nobody agreed to tell it.

It knows the whole catalogue and its own agreements, remembers what it was told, and goes on from there: a walk at
random, and between its steps one attack after the other, each a few queries long. It must not be told apart from its
twin in the other world (`tests.factories.twins`): what it sees can then depend only on what is agreed.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, cycle
from random import Random
from typing import Any, Final

from agreements.elements import load_catalogue
from tests.factories.leak_walk import NoDriver
from tests.factories.twin_worlds import CONSENTED, OFFICIAL, granted_in
from tests.factories.twins import Query, Seen

Ask = Callable[[Query], Awaitable[Seen]]
_GUESSES: Final = (
    "Female", "M", "ECS-101", "ECS-102", "98101", "981", "09", "8", "2011-04-05", "2012", "14", "3.17",
    "3.0 to under 3.5",
    "Present", "UnexcusedAbsence", "A+", "A", "Food Service", "English Language Development", "true", "0", "-1", "null",
    "u1", "s1", "2027-03-02", "5 to under 10", "'", "%", "\N{LATIN SMALL LETTER E WITH ACUTE}",
)  # fmt: skip
_EXACT: Final = {
    "grade_level": tuple(f"{grade:02}" for grade in range(1, 13)),
    "grade_earned": ("A", "A+", "A-", "B", "B+", "C", "C-", "D"),
    "postal_code": ("98101", "98150", "98201"),
}
"""What stands behind elements that it knows only coarsely."""
_LIMITS: Final = ("1", "2", "3", "7", "100", "500", "0", "501", "-1", "1e3", "x")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


def require_granted(paths: Iterable[str]) -> None:
    """Check that an agreement of the twins gives some of each dataset. Raises `NoDriver`."""
    granted = {dataset for name in (OFFICIAL, CONSENTED) for dataset in granted_in(name)}
    for dataset in set(paths) - granted:
        raise NoDriver(f"Nobody spies on the dataset {dataset}: grant a part of it in `tests.factories.twin_worlds`.")


class Spy:
    """Asks by a seed. What it was told decides what it asks next."""

    def __init__(self, ask: Ask, paths: Mapping[str, str], changes: Mapping[str, str], seed: int) -> None:
        """
        `paths` are where the application serves each dataset, `changes` where it tells what became other there.

        Raises `NoDriver` for a dataset that no agreement gives.
        """
        self._ask_worlds = ask
        self._paths, self._changes = paths, changes
        require_granted([*paths, *changes])
        self._followed: dict[tuple[str, str], int] = {}
        self._random = Random(seed)  # noqa: S311 - repeatable
        self._values: dict[tuple[str, str], list[str]] = {}
        self._codes: list[str] = []
        self._cursors: list[tuple[int, Query]] = []
        self._receipts: list[int] = []
        self.statuses: Counter[int] = Counter()
        """How often each status came."""
        self.told: Counter[str] = Counter()
        """How often each kind of change was told."""
        self._doors = [(name, dataset) for name in (OFFICIAL, CONSENTED) for dataset in granted_in(name)]
        self._attacks = cycle(
            (
                self.walk_at_random,
                self.search_by_halves,
                self.infer_from_order,
                self.walk_by_one,
                self.follow_some_changes,
                self.filter_by_what_is_behind,
                self.go_back_to_cursors,
                self.look_at_one,
                self.look_at_receipts,
                self.probe_what_is_refused,
            )
        )

    async def ask(self, agreement: str, path: str, **about: Any) -> Seen:
        """Ask, and remember what came."""
        query = Query(agreement, path, **about)
        seen = await self._ask_worlds(query)
        self.statuses[seen.status] += 1
        self.told.update(seen.changes)
        for row in seen.rows:
            for name, value in row.items():
                self._note(path, name, value)
        if seen.cursor is not None:
            self._cursors.append((seen.cursor, query))
        self._receipts += [int(value) for name, value in seen.headers if name == "pactgate-receipt"]
        return seen

    def _note(self, path: str, name: str, value: Any) -> None:
        if name == "record_code":
            if value not in self._codes:
                self._codes.append(value)
        elif value is not None:
            known = self._values.setdefault((path, name), [])
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if text not in known:
                known.append(text)

    async def spend(self, queries: int, asked: Callable[[], int]) -> None:
        """Poll everything once, then attack until so many queries were asked in all."""
        until = asked() + queries
        for attack in chain((self.poll,), self._attacks):
            async for _ in attack():
                if asked() >= until:
                    return

    # --- What it does every day

    async def poll(self) -> AsyncIterator[Seen]:
        """The same questions every day: whole pages, what changed, and each coarse element alone and in its order."""
        for name, dataset in self._doors:
            yield await self.ask(name, self._paths[dataset])
        for door in self._doors:
            yield await self._follow(*door)
        for name, dataset in self._doors:
            for wire, transformation in granted_in(name)[dataset].items():
                if transformation not in {"blank", "exact"}:
                    yield await self.ask(name, self._paths[dataset], given={"fields": wire, "sort": wire})

    async def _follow(self, name: str, dataset: str) -> Seen:
        """Ask for what became other since the last time."""
        since = self._followed.get((name, dataset))
        seen = await self.ask(name, self._changes[dataset], given={"limit": "500"}, cursor=since)
        if seen.cursor is not None:
            self._followed[name, dataset] = seen.cursor
        return seen

    # --- Attacks

    async def walk_at_random(self) -> AsyncIterator[Seen]:
        """Fields, filters, sorting and page sizes as they come; now and then one that is not granted."""
        for _ in range(6):
            name, dataset = self._random.choice(self._doors)
            yield await self.ask(name, self._paths[dataset], given=self._anything(name, dataset))

    def _anything(self, name: str, dataset: str) -> dict[str, str]:
        draw, granted = self._random, list(granted_in(name)[dataset])
        everything = [each.name for each in load_catalogue().in_dataset(dataset)]
        pick = everything if draw.random() < 0.15 else granted
        given = (
            {"fields": ",".join(draw.sample(pick, draw.randint(1, min(4, len(pick)))))} if draw.random() < 0.7 else {}
        )
        if draw.random() < 0.5:
            given["sort"] = draw.choice(pick)
        for wire in draw.sample(pick, min(len(pick), draw.choice((0, 0, 1, 1, 2)))):
            given[wire] = self._value(self._paths[dataset], wire)
        if draw.random() < 0.5:
            given["limit"] = draw.choice(_LIMITS)
        return given

    def _value(self, path: str, wire: str) -> str:
        known = self._values.get((path, wire), [])
        return self._random.choice(known if known and self._random.random() < 0.8 else _GUESSES)

    async def search_by_halves(self) -> AsyncIterator[Seen]:
        """Narrow a value down by filters: exact ones where a band or a year is released, between what was told."""
        name, dataset = self._random.choice(self._doors)
        coarse = [x for x, how in granted_in(name)[dataset].items() if how not in {"exact", "blank"}]
        for wire in coarse[:2]:
            low, high = 0.0, self._random.choice((4.0, 20.0, 100.0, 2030.0))
            for _ in range(4):
                middle = (low + high) / 2
                seen = await self.ask(name, self._paths[dataset], given={wire: f"{middle:g}", "limit": "500"})
                low, high = (middle, high) if seen.rows else (low, middle)
                yield seen
            for told in self._values.get((self._paths[dataset], wire), [])[:2]:
                yield await self.ask(name, self._paths[dataset], given={wire: told, "sort": wire})

    async def filter_by_what_is_behind(self) -> AsyncIterator[Seen]:
        """Ask for exact values where a coarse one is told, on pages and among changes."""
        granted = [(*door, *element) for door in self._doors for element in granted_in(door[0])[door[1]].items()]
        coarse = [each for each in granted if each[2] in _EXACT and each[3] != "exact"]
        for name, dataset, wire, _ in self._random.sample(coarse, 2):
            for where in (self._paths, self._changes):
                yield await self.ask(name, where[dataset], given={wire: self._random.choice(_EXACT[wire])})

    async def infer_from_order(self) -> AsyncIterator[Seen]:
        """Sort by what is released coarsely, and read from the order what lies behind it; page by page."""
        name, dataset = self._random.choice(self._doors)
        wire = self._random.choice([x for x, how in granted_in(name)[dataset].items() if how != "blank"])
        shown = self._random.choice(list(granted_in(name)[dataset]))
        given = {"sort": wire, "fields": shown, "limit": self._random.choice(("1", "2", "3"))}
        async for seen in self._walk(name, self._paths[dataset], given, 8):
            yield seen

    async def walk_by_one(self) -> AsyncIterator[Seen]:
        """Count by paging: one row a page, of rows that may all look alike."""
        name, dataset = self._random.choice(self._doors)
        shown = self._random.choice(list(granted_in(name)[dataset]))
        async for seen in self._walk(name, self._paths[dataset], {"fields": shown, "limit": "1"}, 10):
            yield seen

    async def follow_some_changes(self) -> AsyncIterator[Seen]:
        """Changes of a few elements, of rows with a value, a few a page; from cursors of other days and questions."""
        name, dataset = self._random.choice(self._doors)
        granted = list(granted_in(name)[dataset])
        given = {
            "fields": ",".join(self._random.sample(granted, self._random.randint(1, min(3, len(granted))))),
            "limit": self._random.choice(_LIMITS),
        }
        if self._random.random() < 0.4:
            wire = self._random.choice(granted)
            given[wire] = self._value(self._changes[dataset], wire)
        async for seen in self._walk(name, self._changes[dataset], given, 3):
            yield seen
        earlier = [(number, query) for number, query in self._cursors if query.path in self._changes.values()]
        for number, query in self._random.sample(earlier, min(3, len(earlier))):
            given = {**query.given, "limit": self._random.choice(_LIMITS)}
            yield await self.ask(query.agreement, query.path, given=given, cursor=number)
            elsewhere = self._changes[self._random.choice(self._doors)[1]]
            yield await self.ask(query.agreement, elsewhere, given=given, cursor=number)

    async def _walk(self, name: str, path: str, given: dict[str, str], most: int) -> AsyncIterator[Seen]:
        seen = await self.ask(name, path, given=given)
        yield seen
        for _ in range(most):
            if seen.cursor is None:
                return
            seen = await self.ask(name, path, given=given, cursor=seen.cursor)
            yield seen

    async def go_back_to_cursors(self) -> AsyncIterator[Seen]:
        """Old cursors after other loads, cursors of other questions, and cursors with a letter changed."""
        for number, query in self._random.sample(self._cursors, min(6, len(self._cursors))):
            yield await self.ask(query.agreement, query.path, given=query.given, cursor=number)
            yield await self.ask(query.agreement, query.path, given=query.given, cursor=number, spoil=self._spoiling())
        for number, _ in self._random.sample(self._cursors, min(2, len(self._cursors))):
            name, dataset = self._random.choice(self._doors)
            where = self._random.choice((self._paths, self._changes))
            yield await self.ask(name, where[dataset], cursor=number)

    def _spoiling(self) -> Callable[[str], str]:
        place, cut = self._random.randrange(60), self._random.random() < 0.3
        other = {"A": "B"}
        return lambda text: (
            text[: -1 - place] if cut else text[:place] + other.get(text[place], "A") + text[place + 1 :]
        )

    async def look_at_one(self) -> AsyncIterator[Seen]:
        """Students by record code: own, of the other agreement, of nobody."""
        nobody = "rc_" + "".join(self._random.choices(_LETTERS, k=26))
        for code in (*self._random.sample(self._codes, min(4, len(self._codes))), nobody, "s1", "u1"):
            name = self._random.choice((OFFICIAL, CONSENTED))
            fields = self._random.choice(list(granted_in(name)["students"]))
            yield await self.ask(name, f"/v1/students/{code}", given={"fields": fields})

    async def look_at_receipts(self) -> AsyncIterator[Seen]:
        """What the log says of its own answers and of the entries beside them, and its grant."""
        name = self._random.choice((OFFICIAL, CONSENTED))
        for entry in self._random.sample(self._receipts, min(2, len(self._receipts))):
            yield await self.ask(name, f"/v1/receipts/{entry}")
            yield await self.ask(name, f"/v1/receipts/{entry + 1}")
        yield await self.ask(name, "/v1/grant")

    async def probe_what_is_refused(self) -> AsyncIterator[Seen]:
        """Elements and datasets that were not granted: filters and sorting on them, with values that may be right."""
        for name, dataset, wire in self._closed():
            yield await self.ask(name, self._paths[dataset], given={wire: self._random.choice(_GUESSES)})
            yield await self.ask(name, self._paths[dataset], given={"sort": wire, "limit": "1"})

    def _closed(self) -> Iterator[tuple[str, str, str]]:
        catalogue: Sequence[Any]
        for _ in range(3):
            name, dataset = self._random.choice((OFFICIAL, CONSENTED)), self._random.choice(list(self._paths))
            catalogue = load_catalogue().in_dataset(dataset)
            granted = granted_in(name).get(dataset, {})
            yield name, dataset, self._random.choice([x.name for x in catalogue if x.name not in granted])
