"""
What would be different if a draft, other guardrails or another catalogue were in force: two states to compare.

A draft is taken as if it had been signed, for the clients of the version it takes over from; whether it may be signed
is for the checks. Who answers for a client is a matter of people, not of the draft: on both sides of its line the
clients count as answered for, so that only what the draft itself changes is shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from agreements.document import Agreement
from gateway.services.analysis.past import Law, Past
from gateway.services.standing.registry import Registry
from policies.rehearsal import Rehearsed, rehearse
from policies.state import Granted, PolicyState, Promise

NOBODY_YET: Final = "client:00000000-0000-4000-8000-000000000000"
"""Stands for the first client of a partner that has none."""


class Supposed:
    """What is supposed about one past. Without a draft and another law it is no difference at all."""

    def __init__(self, past: Past, *, draft: Agreement | None = None, law: Law | None = None) -> None:
        self._past = past
        self._other = past if law is None else past.under(law)
        self._draft = draft

    def before(self, entry: int) -> PolicyState:
        """Return what decides after an entry, without what is supposed."""
        registry = self._past.after(entry)
        if self._draft is None:
            return self._past.law.state(registry)
        return self._state(self._past, registry, list(_answered(registry, self._draft)))

    def after(self, entry: int) -> PolicyState:
        """Return what would decide after that entry: the draft takes over on its first day."""
        registry = self._other.after(entry)
        if self._draft is None:
            return self._other.law.state(registry)
        taken = list(_taken_over(_answered(registry, self._draft), self._draft))
        new = Rehearsed(self._draft, clients_of(registry, self._draft))
        return self._state(self._other, registry, [*taken, new])

    def in_place(self, entry: int) -> PolicyState:
        """Return what would have decided after an entry if every version of the draft's line had said what it says."""
        registry = self._other.after(entry)
        if self._draft is None:
            return self._other.law.state(registry)
        return self._state(self._other, registry, list(_in_place(registry, self._draft)))

    @staticmethod
    def _state(past: Past, registry: Registry, promises: list[Promise]) -> PolicyState:
        return rehearse(promises, past.law.catalogue, past.law.at(registry), suspensions=registry.suspensions)


def clients_of(registry: Registry, draft: Agreement) -> frozenset[str]:
    """
    Return who would ask under a draft: the clients of its line's newest version, else all of its partner.

    A partner without any is given one that does not exist.
    """
    own = [each for each in registry.granted.values() if _is_of(each, draft)]
    if own:
        return max(own, key=lambda each: each.document.version).clients
    known = {client.id for client in registry.clients.values() if client.partner == draft.partner.id}
    return frozenset(known or {NOBODY_YET})


def _answered(registry: Registry, draft: Agreement) -> Iterator[Promise]:
    """Yield what is in force, the versions of the draft's line as if somebody answered for each client."""
    for each in registry.granted.values():
        yield Rehearsed(each.document, each.clients, each.until) if _is_of(each, draft) else each


def _taken_over(promises: Iterable[Promise], draft: Agreement) -> Iterator[Promise]:
    """Let the versions of the draft's line last until its first day, as the register will."""
    begins = draft.term.begins
    for each in promises:
        if isinstance(each, Rehearsed):
            yield replace(each, until=begins if each.until is None else min(each.until, begins))
        else:
            yield each


def _in_place(registry: Registry, draft: Agreement) -> Iterator[Promise]:
    """
    Yield what is in force with the draft's words in the place of each version of its line.

    Their digest and their days stay, so that a logged request finds them: only what the draft says differs.
    """
    for each in registry.granted.values():
        if _is_of(each, draft):
            document = replace(draft, digest=each.document.digest, term=each.document.term)
            answered = {client: tuple(each.accountable.get(client, ())) for client in each.clients}
            yield Rehearsed(document, each.clients, each.until, answered)
        else:
            yield each


def _is_of(each: Granted, draft: Agreement) -> bool:
    return each.document.id == draft.id and each.document.digest != draft.digest
