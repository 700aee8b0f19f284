"""
What the log says of requests, in a form the rules can go through: summed up as it streams by, never held whole.

Nothing here is about a student: an entry names none.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Final

from audit.entry import Entry
from audit.events import Event

AUTOMATED: Final = "automated"
_STOPS: Final[Mapping[str, str]] = {
    Event.AGREEMENT_SUSPENDED: "agreement",
    Event.AGREEMENT_TERMINATED: "agreement",
    Event.CLIENT_SUSPENDED: "client",
    Event.PARTNER_SUSPENDED: "partner",
}
_UNDONE: Final[Mapping[str, str]] = {
    Event.AGREEMENT_ACTIVATED: "agreement",
    Event.CLIENT_ACTIVATED: "client",
    Event.PARTNER_ACTIVATED: "partner",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry, and when it was written."""

    entry: int
    at: datetime


@dataclass(slots=True)
class Day:
    """What a client received of a dataset on one day (UTC), and the entries that gave it."""

    records: int = 0
    entries: list[Moment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused; without a dataset it was for a receipt, a grant or a token."""

    entry: int
    at: datetime
    agreement: str
    code: str
    dataset: str | None


@dataclass(slots=True)
class Stop:
    """An agreement, a client or a partner that was stopped, and what came after until that was undone."""

    moment: Moment
    kind: str
    subject: str
    undone: int | None = None


@dataclass(frozen=True, slots=True)
class New:
    """The first time something was seen of a client, how often the client was seen before, and with how many others."""

    moment: Moment
    before: int
    others: int


@dataclass(slots=True)
class History:
    """All of it, up to the entry that was taken last. `zones` are those of the agreements, by digest."""

    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    began: datetime | None = None
    volumes: dict[tuple[str, str, str], dict[date, Day]] = field(default_factory=lambda: defaultdict(dict))
    refusals: dict[str, list[Refusal]] = field(default_factory=lambda: defaultdict(list))
    hours: dict[tuple[str, str, str], dict[date, dict[int, Moment]]] = field(default_factory=lambda: defaultdict(dict))
    """By client, agreement and person: the hours of each day, in the agreement's zone, with the first entry of each."""
    people: dict[tuple[str, str], dict[str, New]] = field(default_factory=lambda: defaultdict(dict))
    keys: dict[str, dict[str, New]] = field(default_factory=lambda: defaultdict(dict))
    bindings: dict[str, list[Moment]] = field(default_factory=lambda: defaultdict(list))
    stops: list[Stop] = field(default_factory=list)
    strangers: list[tuple[Moment, int]] = field(default_factory=list)
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def take(self, index: int, entry: Entry) -> None:
        """Take note of the next entry."""
        moment, body = Moment(index, datetime.fromisoformat(entry.time)), entry.body
        self.began = self.began or moment.at
        match entry.event:
            case Event.DISCLOSURE:
                days = self.volumes[body["client"], body["agreement"], body["dataset"]]
                day = days.setdefault(moment.at.astimezone(UTC).date(), Day())
                day.records += body["records"]
                day.entries.append(moment)
                self._request(moment, body["client"], body["agreement"], body["behind"])
            case Event.REFUSAL:
                code, dataset = body.get("code") or "", body.get("dataset")
                refused = Refusal(index, moment.at, body["agreement"], code, dataset)
                self.refusals[body["client"]].append(refused)
                self._request(moment, body["client"], body["agreement"], body["behind"])
            case Event.TOKEN_REFUSED:
                self.refusals[body["client"]].append(Refusal(index, moment.at, "", body["reason"], None))
            case Event.TOKEN_ISSUED:
                # A bearer token is bound to no key; where it was asked from is all there is to tell its holder by.
                holder = body.get("bound_to") or body["network"]
                self._first(self.keys[body["client"]], holder, moment, "key", body["client"])
            case _:
                self._change(moment, entry.event, body)

    def _change(self, moment: Moment, event: str, body: Mapping[str, Any]) -> None:
        if event == Event.CLIENT_REGISTERED:
            self.bindings[body["client"]].append(moment)
        elif event == Event.STRANGERS_REFUSED:
            self.strangers.append((moment, body["total"]))
        elif event in _STOPS:
            kind = _STOPS[event]
            self.stops.append(Stop(moment, kind, body[kind]))
        elif event in _UNDONE:
            undone = (_UNDONE[event], body[_UNDONE[event]])
            for stop in self.stops:
                if stop.undone is None and (stop.kind, stop.subject) == undone:
                    stop.undone = moment.entry

    def _request(self, moment: Moment, client: str, agreement: str, behind: str) -> None:
        local = moment.at.astimezone(self.zones.get(agreement, UTC))
        self.hours[client, agreement, behind].setdefault(local.date(), {}).setdefault(local.hour, moment)
        self._first(self.people[client, agreement], behind, moment, "person", client, agreement)

    def _first(self, known: dict[str, New], name: str, moment: Moment, *whose: str) -> None:
        if name not in known:
            known[name] = New(moment, self._seen[whose], len(known))
        self._seen[whose] += 1
