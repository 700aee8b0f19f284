"""
When a client may ask because somebody answers for it: named, trained, and bound by an undertaking of their own.

Pure: from what was verified to spans of time. INVARIANT: without a responsible person there is no window.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from agreements.documents.people import RESPONSIBLE, NamedPerson
from agreements.in_force import VerifiedAgreement, VerifiedBinding
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking, named_at
from agreements.terms import Term

_END: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, from an instant to before another, both in UTC."""

    begins: datetime
    ends: datetime

    def within(self, other: "Window") -> "Window":
        """Return what the two have in common; it may be empty."""
        return Window(max(self.begins, other.begins), min(self.ends, other.ends))


def accountable(
    agreement: VerifiedAgreement,
    bindings: Iterable[VerifiedBinding],
    annexes: Sequence[VerifiedPeopleAnnex],
    undertakings: Sequence[VerifiedUndertaking],
) -> Mapping[str, tuple[Window, ...]]:
    """
    Return for each client the windows in which its responsible person answers for it, in order and apart.

    The client's newest binding names the person. School years turn on 1 July in the agreement's zone [P].
    """
    bound = list(bindings)
    machines = {key.key.thumbprint for each in bound for key in each.keys}
    zone = agreement.agreement.term.time_zone
    found: dict[str, tuple[Window, ...]] = {}
    for client in sorted({each.binding.client for each in bound}):
        windows = [
            window
            for held, responsible in _responsible(each for each in bound if each.binding.client == client)
            for listed, named in _listed(annexes, responsible)
            # The machine's own key accepts nothing: it is no person.
            if named.key is not None and named.key.thumbprint not in machines
            for accepted in _accepted(undertakings, named, zone)
            if (window := held.within(listed).within(_trained(named, zone)).within(accepted)).begins < window.ends
        ]
        found[client] = _joined(windows)
    return found


def _responsible(bindings: Iterable[VerifiedBinding]) -> Iterator[tuple[Window, str]]:
    """Yield who is responsible for one client, and while: until a newer binding names somebody."""
    ordered = sorted(bindings, key=lambda each: each.received.index)
    ends = [each.received.at for each in ordered[1:]] + [_END]
    for each, end in zip(ordered, ends, strict=True):
        yield _window(each.received.at, end), each.binding.responsible


def _listed(annexes: Sequence[VerifiedPeopleAnnex], responsible: str) -> Iterator[tuple[Window, NamedPerson]]:
    """Yield the person as the annexes in force name them, and while they do so as responsible."""
    changes = {each.received.index: each.received.at for each in annexes}
    changes |= {each.approved.index: each.approved.at for each in annexes if each.approved is not None}
    indexes = sorted(changes)
    for index, following in zip(indexes, [*indexes[1:], None], strict=False):  # nobody is named: no window
        named = named_at(annexes, index).get(responsible)
        if named is not None and named.role == RESPONSIBLE:
            yield _window(changes[index], _END if following is None else changes[following]), named


def _accepted(undertakings: Iterable[VerifiedUndertaking], named: NamedPerson, zone: str) -> Iterator[Window]:
    """Yield the school years for which the person accepted with the key that the annex lists."""
    for each in undertakings:
        if each.undertaking.person == named.id and named.key is not None and each.key == named.key.thumbprint:
            first = int(each.undertaking.school_year[:4])
            year = _days(date(first, 7, 1), date(first + 1, 6, 30), zone)
            yield _window(each.received.at, _END).within(year)


def _trained(named: NamedPerson, zone: str) -> Window:
    return _days(named.training.completed_on, named.training.valid_to, zone)


def _days(first: date, last: date, zone: str) -> Window:
    term = Term(first, last, zone)
    return Window(term.begins, term.ends)


def _window(begins: datetime, ends: datetime) -> Window:
    return Window(begins.astimezone(UTC), ends)


def _joined(windows: Iterable[Window]) -> tuple[Window, ...]:
    joined: list[Window] = []
    for window in sorted(windows, key=lambda each: each.begins):
        if joined and window.begins <= joined[-1].ends:
            joined[-1] = Window(joined[-1].begins, max(joined[-1].ends, window.ends))
        else:
            joined.append(window)
    return tuple(joined)
