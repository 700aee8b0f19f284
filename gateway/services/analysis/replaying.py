"""
Replaying the log: what was decided is decided again, and as it would have been if something had been different.

Each request meets the rules that stood when its entry was written, by the clock of that entry. INVARIANT: no student's
data are read; what a request filtered on is committed to in its entry and not shown, so it is not decided again.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.services.analysis.past import Past
from gateway.services.analysis.requests import first_since, logged_requests
from gateway.services.analysis.supposed import Supposed
from policies.analyse.replay import DECIDED, Logged, Tallies, Tally, decided, is_as_logged
from policies.decision import Permit
from policies.memo import Memo
from policies.state import PolicyState

_KEPT: Final = 4
"""States kept on each side: requests come in the order of the log."""
_SHOWN: Final = 20
"""Unexplained entries that are listed; beyond that they are counted."""


@dataclass(slots=True)
class Replayed:
    """
    What a replay found. `unexplained` are entries that the rules of their moment do not lead to: there should be none.

    `not_decided` counts refusals by code that were no decisions of the policies, `other_rules` disclosures under a
    ruleset with another digest: the same answer by another catalogue, other guardrails or other time-zone data.
    """

    first: int
    last: int
    since: datetime
    requests: int = 0
    decided_again: int = 0
    not_decided: Counter[str] = field(default_factory=Counter)
    other_rules: int = 0
    unexplained: int = 0
    unexplained_entries: list[int] = field(default_factory=list)
    differences: tuple[Tally, ...] = ()


async def replay(connection: AsyncConnection, past: Past, supposed: Supposed, period: timedelta) -> Replayed:
    """Replay the last `period` of the log, in the snapshot in which `past` was read. Raises the log's errors."""
    since = past.moment.now - period
    start, stop = await first_since(connection, past.moment.size, since), past.moment.size
    found, tallies = Replayed(start, stop - 1, since), Tallies()
    before: Memo[int, PolicyState] = Memo(_KEPT)
    after: Memo[int, PolicyState] = Memo(_KEPT)
    async for logged in logged_requests(connection, start, stop, past.law.catalogue):
        found.requests += 1
        if logged.code is not None and logged.code not in DECIDED:
            found.not_decided[logged.code] += 1
            continue
        # What came with the entry itself, or after it, did not decide it.
        stood = logged.entry - 1
        version = past.version_after(stood)
        was = before.get_or_make(version, lambda stood=stood: past.law.state(past.after(stood)))  # type: ignore[misc] # bound in the loop
        would_be = after.get_or_make(version, lambda stood=stood: supposed.in_place(stood))  # type: ignore[misc] # bound in the loop
        _compare(found, tallies, logged, was, would_be)
    found.differences = tallies.all
    return found


def _compare(found: Replayed, tallies: Tallies, logged: Logged, was: PolicyState, would_be: PolicyState) -> None:
    decision = decided(was, logged)
    found.decided_again += 1
    if not is_as_logged(decision, logged):
        found.unexplained += 1
        if found.unexplained <= _SHOWN:
            found.unexplained_entries.append(logged.entry)
        return
    if isinstance(decision, Permit) and decision.ruleset_digest != logged.ruleset:
        found.other_rules += 1
    tallies.compare(logged, decision, decided(would_be, logged))
