"""
What a draft would have answered to the requests of the last days: those that its line was really asked.

Each request meets the draft's words in the place of the version that answered it, at its own moment (as
`analyse replay` does), and is only counted. Nobody stands in these counts: entries name no student.
"""

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from agreements.document import Agreement
from gateway.services.analysis.past import Law, read_past
from gateway.services.analysis.requests import first_since, logged_requests
from gateway.services.analysis.supposed import Supposed
from gateway.services.filing import Desk
from gateway.services.standing.registry import Alarm
from policies.analyse.replay import decided
from policies.decision import Denied
from policies.guardrails import load_guardrails
from policies.memo import Memo
from policies.state import PolicyState

PERIOD: Final = timedelta(days=30)
MOST: Final = 20_000
"""Entries that are gone through, the newest ones: about a second. A page that takes longer is not waited for."""
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

    `whole` is False if there were more entries than are gone through, and only the newest were.
    """

    since: datetime
    first: int
    last: int
    whole: bool
    requests: int = 0
    datasets: dict[str, Answered] = field(default_factory=dict)


async def rehearse_draft(desk: Desk, draft: Agreement, alarm: Alarm, *, most: int = MOST) -> Rehearsed:
    """Go through the newest `most` entries of the last `PERIOD`, in one snapshot. Raises the log's errors."""
    law = Law(desk.catalogue, load_guardrails())
    snapshot = desk.engine.execution_options(isolation_level="REPEATABLE READ")
    async with snapshot.connect() as connection:
        past = await read_past(connection, desk.trust, law, alarm)
        since, size = past.moment.now - PERIOD, past.moment.size
        begins = await first_since(connection, size, since)
        start = max(begins, size - most)
        found = Rehearsed(since, start, size - 1, whole=start == begins)
        lines = {digest: each.verified.agreement.id for digest, each in past.now.history.items()}
        supposed, states = Supposed(past, draft=draft), Memo[int, PolicyState](_KEPT)
        async with aclosing(logged_requests(connection, start, size, desk.catalogue)) as requests:
            async for each in requests:
                if lines.get(each.agreement) != draft.id:
                    continue
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
