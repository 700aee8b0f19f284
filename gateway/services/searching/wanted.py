"""What an officer asks for, in their words, and the query it makes: names become what the entries say."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from agreements.elements import Catalogue
from agreements.errors import UnknownElement
from audit.events import Event
from audit.facets import Facet
from audit.query import Clause
from gateway.services.errors import UnknownAgreement, UnknownPartner
from gateway.services.standing.registry import Registry
from gateway.services.suspensions import partner_of


class Outcome(StrEnum):
    """What came of a request."""

    DISCLOSURE = "disclosure"
    REFUSAL = "refusal"
    OTHER = "other"
    """Everything else that is on record."""


_EVENTS: Final = {
    Outcome.DISCLOSURE: frozenset({Event.DISCLOSURE, Event.EMERGENCY_RELEASED}),
    Outcome.REFUSAL: frozenset({Event.REFUSAL, Event.TOKEN_REFUSED, Event.STRANGERS_REFUSED}),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Entries that are all of this; of several names in one place, any. Empty places ask for nothing.

    `agreements` are digests or ids; an id means every version. `student` is a student number: it is not printed.
    """

    since: datetime | None = None
    until: datetime | None = None
    partners: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    outcome: Outcome | None = None
    student: str | None = field(default=None, repr=False)

    @property
    def facets(self) -> tuple[str, ...]:
        """By what is searched, not for what."""
        return tuple(name for name in self.__dataclass_fields__ if getattr(self, name) not in {(), None})


def clauses_for(wanted: Wanted, registry: Registry, catalogue: Catalogue) -> tuple[Clause, ...]:
    """Return what the entries must say. Raises `UnknownAgreement`, `UnknownPartner`, `UnknownElement`."""
    plain = (
        (Facet.CLIENT, wanted.clients),
        (Facet.DATASET, wanted.datasets),
        (Facet.PURPOSE, wanted.purposes),
        (Facet.CODE, wanted.codes),
        (Facet.BEHIND, wanted.behind),
        (Facet.EVENT, wanted.events),
    )
    clauses = [_any(facet, values) for facet, values in plain if values]
    if wanted.agreements:
        clauses.append(Clause(_together(_about_agreement(registry, each) for each in wanted.agreements)))
    if wanted.partners:
        clauses.append(Clause(_together(_about_partner(registry, each) for each in wanted.partners)))
    if wanted.elements:
        clauses.append(Clause(_together(_about_element(catalogue, each) for each in wanted.elements)))
    if wanted.outcome is Outcome.OTHER:
        clauses.append(Clause(_any(Facet.EVENT, frozenset().union(*_EVENTS.values())).any_of, without=True))
    elif wanted.outcome is not None:
        clauses.append(_any(Facet.EVENT, _EVENTS[wanted.outcome]))
    return tuple(clauses)


def _about_agreement(registry: Registry, named: str) -> frozenset[tuple[Facet, str]]:
    """Return how entries name an agreement: by its digest, by that of what concerns it, by its id."""
    lines = {digest: promised.verified.agreement.id for digest, promised in registry.history.items()}
    registered = {each.document.digest for each in registry.register.agreements}
    digests = {digest for digest in registered if named in {digest, lines.get(digest)}}
    if not digests:
        raise UnknownAgreement(f"No agreement {named} is registered.")
    concerning = {each.digest for each in registry.register.stored if each.concerns in digests}
    ids = {lines[digest] for digest in digests if digest in lines}
    return _any(Facet.AGREEMENT, digests | concerning).any_of | _any(Facet.LINE, ids).any_of


def _about_partner(registry: Registry, partner: str) -> frozenset[tuple[Facet, str]]:
    """Return how entries name a partner: by its id, by an agreement with it, by a client of its."""
    agreements = [each.document.digest for each in registry.register.agreements if partner_of(each) == partner]
    clients = [known.id for known in registry.clients.values() if known.partner == partner]
    if not agreements and not clients:
        raise UnknownPartner(f"The partner {partner} has no agreement and no client here.")
    named = _together(_about_agreement(registry, digest) for digest in agreements)
    return named | _any(Facet.CLIENT, clients).any_of | {(Facet.PARTNER, partner)}


def _about_element(catalogue: Catalogue, named: str) -> frozenset[tuple[Facet, str]]:
    """Return how entries name an element: a disclosure by its id, a refusal by the name that was asked for."""
    found = [each for each in catalogue if named in {each.id, each.name}]
    if not found:
        raise UnknownElement(f"The catalogue has no element {named!r}.")
    return frozenset((Facet.ELEMENT, text) for each in found for text in (each.id, each.name))


def _any(facet: Facet, values: Iterable[str]) -> Clause:
    return Clause(frozenset((facet, str(value)) for value in values))


def _together(sets: Iterable[frozenset[tuple[Facet, str]]]) -> frozenset[tuple[Facet, str]]:
    return frozenset().union(*sets)
