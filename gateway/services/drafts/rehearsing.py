"""
What a draft would have answered to the requests of the last days: those that its line was really asked.

Each request meets the draft's words in the place of the version that answered it, at its own moment (as
`analyse replay` does), and is only counted. Nobody stands in these counts: entries name no student.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from agreements.document import Agreement
from audit.entry import parse
from audit.facets import Facet
from audit.query import Clause, Query
from audit.search import Page, search
from gateway.services.analysis.past import Law, read_past
from gateway.services.analysis.requests import REQUESTS, logged_request
from gateway.services.analysis.supposed import Supposed
from gateway.services.filing import Desk
from gateway.services.obligations.history import driver_of
from gateway.services.standing.registry import Alarm
from policies.analyse.replay import decided
from policies.decision import Denied
from policies.guardrails import load_guardrails
from policies.memo import Memo
from policies.state import PolicyState

PERIOD: Final = timedelta(days=30)
MOST: Final = 20_000
"""Requests that are gone through, the newest ones: about a second. A page that takes longer is not waited for."""
_KEPT: Final = 4


@dataclass(slots=True)
class Answered:
    """How the requests for one dataset were answered, and how they would have been."""

    granted: int = 0
    refused: int = 0
    would_grant: int = 0
    would_refuse: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    """Elements that left and would not have."""
    gained: Counter[str] = field(default_factory=Counter)
    """Elements that did not leave and would have."""
    codes: Counter[str] = field(default_factory=Counter)
    """Why what was granted would have been refused."""


@dataclass(slots=True)
class Rehearsed:
    """
    What a draft would have answered, by dataset, to the requests since `since`, which are those from entry `first` on.

    `whole` is False if there were more than are gone through, and only the newest were.
    """

    since: datetime
    first: int
    last: int
    whole: bool
    requests: int = 0
    datasets: dict[str, Answered] = field(default_factory=dict)


async def rehearse_draft(desk: Desk, draft: Agreement, alarm: Alarm, *, most: int = MOST) -> Rehearsed:
    """
    Go through the newest `most` requests that the draft's line was asked within the last `PERIOD`.

    They are found by the log's index: nobody certifies anything by what a draft would have done. Raises the log's
    errors.
    """
    law = Law(desk.catalogue, load_guardrails())
    snapshot = desk.engine.execution_options(isolation_level="REPEATABLE READ")
    async with snapshot.connect() as connection:
        past = await read_past(connection, desk.trust, law, alarm, known=desk.reader(alarm))
    since, size = past.moment.now - PERIOD, past.moment.size
    line = {digest for digest, each in past.now.history.items() if each.verified.agreement.id == draft.id}
    asked = await _asked(desk, line, since, most)
    found = Rehearsed(since, asked.found[-1].index if asked.found else size, size - 1, whole=asked.after is None)
    supposed, states = Supposed(past, draft=draft), Memo[int, PolicyState](_KEPT)
    for one in asked.found:
        entry = parse(one.leaf)
        if one.index >= size or "dataset" not in entry.body:
            continue  # it came meanwhile, or asked for no data
        each = logged_request(one.index, entry, desk.catalogue)
        found.requests += 1
        told = found.datasets.setdefault(each.dataset, Answered())
        stood = past.stood_before(each.entry, each.says.get("epoch"))
        version = past.version_after(stood)
        state = states.get_or_make(version, lambda stood=stood: supposed.in_place(stood))  # type: ignore[misc] # bound in the loop
        answer = decided(state, each)
        left = set() if each.code is not None else set(each.elements)
        leaves = set() if isinstance(answer, Denied) else {one.name for one in answer.fields}
        told.granted += each.code is None
        told.refused += each.code is not None
        told.would_refuse += isinstance(answer, Denied)
        told.would_grant += not isinstance(answer, Denied)
        told.lost.update(left - leaves)
        told.gained.update(leaves - left)
        if isinstance(answer, Denied) and each.code is None:
            told.codes[answer.code] += 1
    return found


async def _asked(desk: Desk, agreements: Collection[str], since: datetime, most: int) -> Page:
    under = frozenset((Facet.AGREEMENT, digest) for digest in agreements)
    requests = frozenset((Facet.EVENT, event.value) for event in REQUESTS)
    query = Query((Clause(under), Clause(requests)), since=since)
    async with desk.engine.connect() as connection:
        return await search(await driver_of(connection), query, limit=most)
