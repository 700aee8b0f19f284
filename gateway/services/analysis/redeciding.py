"""
Deciding an entry again: by the law it cites, by what stood when it was decided, and by its own clock.

INVARIANT: no student's data are read. What a request filtered on is committed to in its entry and not shown, so it is
not decided again; everything else that the entry says of the decision must come out the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.entry import Entry
from audit.errors import LeafRefused
from audit.events import Event
from audit.shapes import require_members
from gateway.services.analysis.laws import Laws, Lost, Missing
from gateway.services.analysis.past import Law, Past
from gateway.services.analysis.requests import REQUESTS, logged_request
from gateway.services.denials import permits_of, standing_against
from gateway.services.obligations.history import time_of
from gateway.services.standing.registry import Registry
from policies.analyse.replay import DECIDED, DECISION, Logged, decided, differing, not_told
from policies.decision import Denied, Permit
from policies.emergency import Ended
from policies.emergency_release import Handing, OrderInForce
from policies.errors import PolicyError
from policies.memo import Memo
from policies.state import PolicyState
from policies.told import bearer_told, told_of_denial, told_of_permit, told_of_release

DECISIONS: Final = (*REQUESTS, Event.EMERGENCY_RELEASED)
"""The events that tell of decisions."""
_EVENTS: Final = {event.value: event for event in DECISIONS}
_KEPT: Final = 8
"""States kept: entries come in the order of the log."""
_ALARMED: Final = "engine:/"
"""The clause of a refusal that could not be judged: the alarm refused it, and no rule."""
MEMBERS: Final = "members"
"""What differs if an entry does not have the members of its event: nothing in it can be decided again."""
_NO_ORDER: Final = "no_order"
"""What comes out if no order of that digest was in force: it is not on file, or does not verify."""
_CONFIGURATION: Final = "configuration"
_SINCE: Final = {_CONFIGURATION: 0, "listed": ""}
"""Members that entries have since configurations are recorded, with what stands for them in earlier ones."""
_LAW: Final = frozenset({"catalogue", "guardrails", "ruleset"})
"""Digests that together show by which law an entry was decided, the release of the time zones included."""
_ANY: Final = "students"
"""Stands for the dataset of a refusal that names none; it was refused whatever it asked."""


@dataclass(frozen=True, slots=True)
class Redecided:
    """
    One entry, decided again. `differs` names the members that come out otherwise; empty: it is re-justified.

    `logged` and `came_out` hold those members. `request` and `decision` are there if a partner asked for a dataset.
    """

    entry: int
    event: str
    differs: tuple[str, ...] = ()
    logged: Mapping[str, Any] = field(default_factory=dict)
    came_out: Mapping[str, Any] = field(default_factory=dict)
    request: Logged | None = None
    decision: Permit | Denied | None = None


@dataclass(frozen=True, slots=True)
class NoDecision:
    """A refusal that was not the policies' word: `code` is its own."""

    code: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An entry of an earlier release, which did not record what it decided by; nothing shows that it is known now."""


class Redeciding:
    """Decides entries again, in the snapshot in which `past` was read."""

    def __init__(self, past: Past, laws: Laws) -> None:
        self._past = past
        self._laws = laws
        self._pasts: Memo[tuple[object, ...], Past] = Memo(_KEPT)
        self._states: Memo[tuple[object, ...], PolicyState] = Memo(_KEPT)
        self._orders: Memo[tuple[object, ...], OrderInForce] = Memo(_KEPT)

    async def decide(self, index: int, entry: Entry) -> Redecided | NoDecision | Lost | Earlier:
        """Decide the entry at `index` again; it must be one of `DECISIONS`."""
        try:
            is_earlier = await self._laws.is_earlier(index, entry.body.get(_CONFIGURATION))
            if _is_whole(entry, is_earlier=is_earlier):
                return await self._decide(index, entry, is_earlier=is_earlier)
        except (TypeError, ValueError):
            pass  # what somebody altered may hold anything: it is named, and the next one is decided
        return Redecided(index, entry.event, (MEMBERS,))

    async def _decide(self, index: int, entry: Entry, *, is_earlier: bool) -> Redecided | NoDecision | Lost | Earlier:
        body = entry.body
        if entry.event == Event.REFUSAL and (body["code"] not in DECIDED or body.get("clause") == _ALARMED):
            return NoDecision(body["code"])
        if is_earlier:
            return await self._earlier(index, entry)
        law = await self._laws.of(body.get(_CONFIGURATION))
        return law if isinstance(law, Lost) else self._by(law, index, entry)

    async def _earlier(self, index: int, entry: Entry) -> Redecided | Earlier:
        """
        Decide again what cites no law, if it comes out by the very rules whose digests it names.

        A refusal names none. A permit that comes out as a denial may be a denial by another law only.
        """
        if entry.event == Event.REFUSAL:
            return Earlier()
        again = self._by(await self._laws.after_earlier(self._past.law), index, entry)
        return again if _LAW.isdisjoint(again.differs) and DECISION not in again.differs else Earlier()

    def _by(self, law: Law, index: int, entry: Entry) -> Redecided:
        body = entry.body
        past = self._pasts.get_or_make(law.key, lambda: self._past.under(law))
        stood = past.stood_before(index, body.get("epoch"))
        if entry.event == Event.EMERGENCY_RELEASED:
            return self._release(index, entry, past, stood)
        state = self._state(law, past, stood)
        return _request(index, entry, law, state) if "dataset" in body else _standing(index, entry, state)

    def _state(self, law: Law, past: Past, stood: int) -> PolicyState:
        key = (*law.key, past.version_after(stood))
        found = self._states.get(key)  # first, because a closure for each entry is not free
        return found or self._states.get_or_make(key, lambda: law.state(past.after(stood)))

    def _release(self, index: int, entry: Entry, past: Past, stood: int) -> Redecided:
        """Decide again what was handed over by an emergency order."""
        body = entry.body
        key = (*past.law.key, past.version_after(stood), body["order"])
        try:
            order = self._orders.get_or_make(key, lambda: _order(past.after(stood), past.law, body["order"]))
            handing = Handing(tuple(body["recipients"]), body["dataset"], tuple(body["elements"]))
            decision = order.decide(handing, time_of(entry))
        except PolicyError as error:
            return _differing(index, entry, (DECISION,), {"code": error.code})
        except LookupError:
            return _differing(index, entry, (DECISION,), {"code": _NO_ORDER})
        if isinstance(decision, Denied):
            return _differing(index, entry, (DECISION,), told_of_denial(decision))
        told = told_of_release(decision)
        return _differing(index, entry, not_told(told, body), told)


def _request(index: int, entry: Entry, law: Law, state: PolicyState) -> Redecided:
    """Decide again what a partner asked of a dataset."""
    request = logged_request(index, entry, law.catalogue)
    decision = decided(state, request)
    differs = differing(decision, request)
    if not differs:
        return Redecided(index, entry.event, request=request, decision=decision)
    told = told_of_permit(decision) if isinstance(decision, Permit) else told_of_denial(decision)
    return _differing(index, entry, differs, told, request=request, decision=decision)


def _is_whole(entry: Entry, *, is_earlier: bool) -> bool:
    """Return whether the entry says what its event says, or what it said in an earlier release."""
    body = entry.body if _CONFIGURATION in entry.body else {**entry.body, _CONFIGURATION: 0}
    if is_earlier and entry.event != Event.REFUSAL:
        body = {**_SINCE, **entry.body}
    try:
        require_members(_EVENTS[entry.event], body)
    except LeafRefused:
        return False
    return True


def _order(registry: Registry, law: Law, digest: str) -> OrderInForce:
    """Return the order as it stood. Raises `LookupError`."""
    for each in registry.emergency_orders:
        if each.verified.digest == digest:
            ended = None if each.ended is None else Ended(each.ended.index)
            return OrderInForce(each.verified, law.catalogue, law.at(registry), ended=ended, epoch=registry.version)
    raise LookupError(digest)


def _standing(index: int, entry: Entry, state: PolicyState) -> Redecided:
    """Decide again a refusal that named no dataset: something stood against whatever that caller asks."""
    body = entry.body
    asked = body["client"], body["agreement"], body["purpose"]
    who = Logged(index, time_of(entry), *asked, _ANY, (), bearer=bearer_told(body))
    against = standing_against(state, who, who.at)
    permits, refusal = permits_of(state, who, who.at)
    codes = {str(denied.code) for denied in (against, None if permits else refusal) if denied is not None}
    if body["code"] in codes:
        return Redecided(index, entry.event)
    return _differing(index, entry, (DECISION,), {"code": min(codes, default=None)})


def _differing(
    index: int,
    entry: Entry,
    differs: tuple[str, ...],
    told: Mapping[str, Any],
    *,
    request: Logged | None = None,
    decision: Permit | Denied | None = None,
) -> Redecided:
    """Return the two sides of what differs; a decision that is another one is told by its code, disclosed as none."""
    names = ("code", *differs) if DECISION in differs else differs
    logged = {name: entry.body.get(name) for name in names if name != DECISION}
    came_out = {name: told.get(name) for name in names if name != DECISION}
    return Redecided(index, entry.event, differs, logged, came_out, request, decision)


__all__ = ["DECISIONS", "Earlier", "Lost", "Missing", "NoDecision", "Redecided", "Redeciding"]
